// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { fail, pass } from '../finding';
import { ec2Sdk } from '../sdk';
import { zoneOfSubnets } from '../subnets';

/** Capacity that is paid for already; and if the launch names a reservation, that it can be used. */
export const reservation: Check = {
  name: 'reservation',
  actions: ['ec2:DescribeCapacityReservations', 'ec2:DescribeSubnets'],
  async run(session, { target }) {
    const { paginateDescribeCapacityReservations } = ec2Sdk();
    const { launch, instanceType, count } = target;
    const wanted = launch.CapacityReservationSpecification?.CapacityReservationTarget?.CapacityReservationId;
    const zone = await zoneOfSubnets(session, launch);
    const query = { Filters: [{ Name: 'instance-type', Values: [instanceType] }, { Name: 'state', Values: ['active'] }] };
    let free = 0;
    let found = 0;
    for await (const page of paginateDescribeCapacityReservations({ client: session.ec2 }, query)) {
      for (const item of page.CapacityReservations ?? []) {
        const usable = wanted === undefined
          ? item.InstanceMatchCriteria === 'open' && (zone === undefined || item.AvailabilityZone === zone)
          : item.CapacityReservationId === wanted;
        if (usable) {
          found++;
          free += item.AvailableInstanceCount ?? 0;
        }
      }
    }
    if (wanted !== undefined && free < count) {
      const state = found === 0 ? 'is not an active reservation for this type' : `has ${free} of ${count} instances free`;
      return fail(`${wanted} ${state}`, 'create or enlarge the capacity reservation');
    }
    return found === 0
      ? pass(`no open reservation of ${instanceType}: whether there is capacity shows at launch`)
      : pass(`${free} instances of ${instanceType} reserved and free`);
  },
};

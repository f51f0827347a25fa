// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { fail, pass } from '../finding';
import { ec2Sdk } from '../sdk';
import { zoneOfSubnets } from '../subnets';

/** The type is offered where the instance is to run. */
export const offering: Check = {
  name: 'offering',
  actions: ['ec2:DescribeInstanceTypeOfferings', 'ec2:DescribeSubnets'],
  async run(session, { target }) {
    const { DescribeInstanceTypeOfferingsCommand } = ec2Sdk();
    const { instanceType, launch } = target;
    const answer = await session.ec2.send(new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: [instanceType] }],
    }));
    const zones = (answer.InstanceTypeOfferings ?? []).map(({ Location }) => Location!).sort();
    if (zones.length === 0) {
      return fail(`${instanceType} is not offered in ${session.region}`, `choose another region, or another type with 'kb instances'`);
    }
    const wanted = launch.Placement?.AvailabilityZone ?? await zoneOfSubnets(session, launch);
    if (wanted !== undefined && !zones.includes(wanted)) {
      return fail(`${instanceType} is not offered in ${wanted}`, `use a subnet in ${zones.join(', ')}`);
    }
    return pass(`${instanceType} is offered in ${wanted ?? zones.join(', ')}`);
  },
};

// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { fail, pass, skip } from '../finding';
import { describeSubnets, subnetIds } from '../subnets';

/** The subnets are in one zone and have an address for each ENI. */
export const subnet: Check = {
  name: 'subnet',
  actions: ['ec2:DescribeSubnets'],
  async run(session, { target }) {
    const ids = subnetIds(target.launch);
    if (ids.length === 0) {
      return skip('the stack creates its subnets', 'name an existing one with --subnet-id');
    }
    const subnets = await describeSubnets(session, target.launch);
    const zones = [...new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone))];
    if (zones.length > 1) {
      return fail(`the ENIs of one instance are in ${zones.join(' and ')}`, 'use subnets of one Availability Zone');
    }
    const short = subnets.flatMap(({ SubnetId, AvailableIpAddressCount = 0 }) => {
      const needed = ids.filter((id) => id === SubnetId).length * target.count;
      return AvailableIpAddressCount < needed ? [`${SubnetId} has ${AvailableIpAddressCount} free addresses for ${needed} ENIs`] : [];
    });
    if (short.length > 0) {
      return fail(short.join('; '), 'use a larger subnet, or delete unused ENIs');
    }
    return pass(subnets.map((item) => `${item.SubnetId} (${item.AvailabilityZone}): ${item.AvailableIpAddressCount} free addresses`).join('; '));
  },
};

// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { pass, skip } from '../finding';

/** Whether one-way latency can be measured with the clock of the network card. */
export const hardwareClock: Check = {
  name: 'hardware clock',
  actions: ['ec2:DescribeInstanceTypes'],
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(_, { target, type }) {
    return type.PhcSupport === 'supported'
      ? pass(`${target.instanceType} has a PTP hardware clock`)
      : skip(`${target.instanceType} has no PTP hardware clock: one-way latency is only as good as Amazon Time Sync by NTP`);
  },
};

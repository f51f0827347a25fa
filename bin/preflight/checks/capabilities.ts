// SPDX-License-Identifier: Apache-2.0
import { INSTANCE_TABLE, INSTANCE_TABLE_DATE, InstanceRow } from '../../../lib/private/instance-table';
import { instanceRows } from '../../instances/rows';
import { Check, Subject } from '../check';
import { fail, Finding, pass, skip } from '../finding';
import { planMisfits } from '../plan-fit';

/** The columns that EC2 states; what is left was derived or looked up elsewhere. */
const COLUMNS: [name: string, index: keyof InstanceRow & number][] = [
  ['cores', 1],
  ['threads per core', 2],
  ['memory', 3],
  ['flags', 4],
  ['network cards', 5],
  ['valid core counts', 6],
  ['bandwidth', 7],
];

/** EC2 still says of the type what the table of this library says, or what the user said of it in its place. */
export const capabilities: Check = {
  name: 'capabilities',
  actions: ['ec2:DescribeInstanceTypes'],
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(_, { target, type }) {
    const ours = INSTANCE_TABLE.find(([name]) => name === target.instanceType);
    if (ours === undefined) {
      return unknownType({ target, type });
    }
    const [theirs] = instanceRows([type], {}) as [InstanceRow];
    const differences = COLUMNS
      .filter(([, index]) => JSON.stringify(ours[index]) !== JSON.stringify(theirs[index]))
      .map(([name, index]) => `${name}: ${JSON.stringify(ours[index])} in the table, ${JSON.stringify(theirs[index])} at EC2`);
    if (differences.length > 0) {
      return fail(differences.join('; '), "update the library, or run 'kb instances --regenerate' in a checkout of it");
    }
    const cards = ours[5];
    return pass(`${cards.length} network card${cards.length === 1 ? '' : 's'} of ${cards[0][0]} ENIs, up to ${cards[0][2]} queues an ENI`
      + `: as in the table of ${INSTANCE_TABLE_DATE}`);
  },
};

/** A plan can only rest on the user's `instanceCapabilities` then: what it uses must be there. */
function unknownType({ target: { instanceType, plan, launch }, type }: Pick<Subject, 'target' | 'type'>): Finding {
  const unknown = `${instanceType} is not in the table of ${INSTANCE_TABLE_DATE}`;
  if (plan === undefined) {
    return skip(unknown, "describe it with 'instanceCapabilities', and give the synthesised template");
  }
  const problems = planMisfits(plan, launch.CpuOptions?.ThreadsPerCore, type);
  return problems.length > 0
    ? fail(`${unknown}; ${problems.join('; ')}`, "correct 'instanceCapabilities': 'aws ec2 describe-instance-types' has the numbers")
    : pass(`${unknown}; EC2 has the cores, queues and memory that its plan uses`);
}

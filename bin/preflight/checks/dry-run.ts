// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { fail, pass, skip } from '../finding';
import { ec2Sdk } from '../sdk';

/** EC2 accepts the launch: the same rules as a launch, but nothing is started. */
export const dryRun: Check = {
  name: 'dry run',
  actions: ['ec2:RunInstances'],
  async run(session, { target }) {
    const { RunInstancesCommand } = ec2Sdk();
    const without = target.left.length === 0 ? '' : ` (without ${target.left.join(', ')}, which the stack creates)`;
    try {
      await session.ec2.send(new RunInstancesCommand({ ...target.launch, MinCount: 1, MaxCount: 1, DryRun: true }));
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'DryRunOperation') {
        return pass(`EC2 accepts the launch${without}`);
      }
      if (name === 'VPCIdNotSpecified' || name === 'MissingInput') {
        return skip(`there is no default VPC to try it in, and the stack creates its own`, 'name a subnet with --subnet-id');
      }
      if (isRejection(error)) {
        return fail(`${name}: ${message}${without}`, "change what EC2 names; 'kb instances --type' shows the limits");
      }
      throw error;
    }
    // EC2 answers a dry run with an error, always; anything else must not pass for one.
    return fail('EC2 did not treat the call as a dry run', 'look for an instance that should not run, and terminate it');
  },
};

/** A fault of the request (4xx) that is not about who asks. */
function isRejection(error: unknown): boolean {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode === 400 && name !== 'RequestLimitExceeded';
}

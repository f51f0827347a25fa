// SPDX-License-Identifier: Apache-2.0
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { DataPlane, HostImage, LowLatencyFleet, LowLatencyInstance } from '../../lib';
import { demoStack, template } from './fixtures/stack';

const ARN = 'arn:aws:iam::123456789012:role/theirs';

function policies(what: typeof LowLatencyInstance | typeof LowLatencyFleet, role: (scope: ReturnType<typeof demoStack>['stack']) => iam.IRole) {
  const { stack, vpc } = demoStack();
  new what(stack, 'Feed', { vpc, dataPlane: DataPlane.afXdp(), role: role(stack) });
  return { stack, found: Object.values(template(stack).findResources('AWS::IAM::Policy')) };
}

test('an image says it, too, and names the policy of the build', () => {
  const { stack, vpc } = demoStack();
  new HostImage(stack, 'Image', { vpc, dataPlane: DataPlane.dpdk(), role: iam.Role.fromRoleArn(stack, 'Role', ARN, { mutable: false }) });
  Annotations.fromStack(stack).hasWarning('/Demo/Image', Match.stringLikeRegexp(
    "'role' may not be changed here: see that it allows imagebuilder:GetComponent, s3:GetObject, .* and has the policy AmazonSSMManagedInstanceCore "
    + '\\[ack: cdk-kernel-bypass:rolePermissions'));
});

const receivers: [string, typeof LowLatencyInstance | typeof LowLatencyFleet, number][] = [['a host', LowLatencyInstance, 1], ['a fleet', LowLatencyFleet, 2]];

describe.each(receivers)('%s with a role of another stack', (_, what, count) => {
  test('gives it all that it needs when it is known by its name', () => {
    const { stack, found } = policies(what, scope => iam.Role.fromRoleName(scope, 'Role', 'theirs'));
    expect(found).toHaveLength(count);
    found.forEach(({ Properties: properties }) => expect(properties.Roles).toEqual(['theirs']));
    for (const action of ['ssm:UpdateInstanceInformation', 'cloudwatch:PutMetricData', 's3:GetObject']) {
      expect(JSON.stringify(found)).toContain(action);
    }
    expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp("'role' may not be changed"))).toEqual([]);
  });

  test('leaves one alone that may not be changed, and says what it must allow', () => {
    const { stack, found } = policies(what, scope => iam.Role.fromRoleArn(scope, 'Role', ARN, { mutable: false }));
    expect(found).toEqual([]);
    const warnings = Annotations.fromStack(stack).findWarning('/Demo/Feed', Match.stringLikeRegexp("'role' may not be changed here"));
    expect(warnings).toHaveLength(count);
    expect(JSON.stringify(warnings)).toMatch(/s3:GetObject, ssm:UpdateInstanceInformation, .*cloudwatch:PutMetricData \[ack: cdk-kernel-bypass:rolePermissions\]/);
    expect(/autoscaling:SetInstanceHealth \[ack: cdk-kernel-bypass:roleHealth\]/.test(JSON.stringify(warnings))).toBe(count === 2);
  });

  test('leaves a role of this stack alone that is given without policy updates', () => {
    const { found } = policies(what, scope =>
      new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }).withoutPolicyUpdates());
    expect(found).toEqual([]);
  });
});

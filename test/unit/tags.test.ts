// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import { CapacityReservation, DataPlane, HostImage, LowLatencyFleet, LowLatencyInstance } from '../../lib';
import { demoStack, template } from './fixtures/stack';

/** Types whose tags CloudFormation changes in place; it replaces any other one of these stacks that gets another tag. */
const TAGGED_IN_PLACE = /^AWS::(EC2::(EIP|Instance|InternetGateway|NatGateway|RouteTable|SecurityGroup|Subnet|VPC)|IAM::Role|AutoScaling::AutoScalingGroup|ImageBuilder::InfrastructureConfiguration)$/;

function resources(tag: (stack: cdk.Stack) => void): Record<string, { Type: string; Properties?: Record<string, any> }> {
  const { stack, vpc } = demoStack();
  const dataPlane = DataPlane.afXdp();
  const image = new HostImage(stack, 'Image', { vpc, dataPlane });
  new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane, capacityReservation: CapacityReservation.of() });
  new LowLatencyInstance(stack, 'Baked', { vpc, dataPlane, image });
  new LowLatencyFleet(stack, 'Fleet', { vpc, dataPlane });
  tag(stack);
  return template(stack).toJSON().Resources;
}

/** Everything but the tags that can change in place. */
function withoutTags(of: ReturnType<typeof resources>): object {
  return Object.fromEntries(Object.entries(of).map(([id, { Properties: { Tags, ...properties } = {}, ...resource }]) =>
    [id, { ...resource, Properties: TAGGED_IN_PLACE.test(resource.Type) ? properties : { Tags, ...properties } }]));
}

test('a tag of the stack replaces nothing: a pipeline may stamp its commit', () => {
  const stamped = (commit: string) => withoutTags(resources(stack => cdk.Tags.of(stack).add('GitCommit', commit)));
  expect(stamped('def')).toEqual(stamped('abc'));
  expect(stamped('abc')).toEqual(withoutTags(resources(() => {})));
});

// With `InstanceMetadataTags` EC2 refuses a space or a slash, and nothing on a host reads its tags.
test('any tag is on the hosts and on the volume of an instance', () => {
  const tagged = Object.values(resources(stack => cdk.Tags.of(stack).add('cost center/team', '42')));
  const [instance] = tagged.filter(({ Type }) => Type === 'AWS::EC2::Instance');
  expect(instance.Properties!.Tags).toContainEqual({ Key: 'cost center/team', Value: '42' });
  expect(instance.Properties!.PropagateTagsToVolumeOnCreation).toBe(true);
  const [group] = tagged.filter(({ Type }) => Type === 'AWS::AutoScaling::AutoScalingGroup');
  expect(group.Properties!.Tags).toContainEqual({ Key: 'cost center/team', Value: '42', PropagateAtLaunch: true });
});

test('another name is what the launch template says, too', () => {
  const named = Object.values(resources(stack => cdk.Tags.of(stack).add('Name', 'mine', { priority: 300 })));
  const templates = named.filter(({ Type }) => Type === 'AWS::EC2::LaunchTemplate');
  expect(templates).toHaveLength(3);
  for (const { Properties: properties } of templates) {
    expect(properties!.LaunchTemplateData.TagSpecifications).toEqual(['instance', 'volume'].map(type =>
      ({ ResourceType: type, Tags: [{ Key: 'Name', Value: 'mine' }] })));
  }
});

test('without a name there is no tag at all, which EC2 takes for an error when it is an empty list', () => {
  const nameless = Object.values(resources(stack => cdk.Tags.of(stack).remove('Name', { priority: 300 })));
  for (const { Properties: properties } of nameless.filter(({ Type }) => Type === 'AWS::EC2::LaunchTemplate')) {
    expect(properties!.LaunchTemplateData.TagSpecifications).toBeUndefined();
    expect(properties!.TagSpecifications).toBeUndefined();
  }
});

// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { CapacityReservation, DataInterface, DataPlane, HostImage, LowLatencyInstance, MulticastDomain } from '../../lib';

/** A stack whose values all wait for something: a deployment, or the CDK's first look-up. */
function waiting(id: (scope: cdk.Stack, name: string) => string) {
  const stack = new cdk.Stack(new cdk.App(), 'Demo', { env: { account: '123456789012', region: 'eu-west-1' } });
  const vpc = ec2.Vpc.fromLookup(stack, 'Vpc', { vpcName: 'theirs' });
  const dataPlane = DataPlane.kernel();
  return () => {
    new LowLatencyInstance(stack, 'Feed', {
      vpc,
      dataPlane,
      dataInterface: DataInterface.fromNetworkInterface(id(stack, 'eni')),
      capacityReservation: CapacityReservation.fromCapacityReservationId(id(stack, 'reservation')),
      managementSecurityGroup: ec2.SecurityGroup.fromLookupByName(stack, 'Group', 'theirs', vpc),
      image: HostImage.fromHostImageAttributes(stack, 'Image', { imageId: id(stack, 'image'), dataPlane }),
    });
    new MulticastDomain(stack, 'Multicast', { vpc, transitGatewayId: id(stack, 'gateway') }).addStaticMember('A', '239.1.1.1', id(stack, 'member'));
  };
}

test.each<[string, (scope: cdk.Stack, name: string) => string]>([
  ['a parameter of the stack', (scope, name) => new cdk.CfnParameter(scope, name).valueAsString],
  ['a look-up of a parameter', (scope, name) => ssm.StringParameter.valueFromLookup(scope, `/feeds/${name}`)],
])('ids that wait for %s are taken', (_, id) => {
  expect(waiting(id)).not.toThrow();
});

test('an image that waits for a look-up is taken, and one that EC2 reads from a parameter', () => {
  const stack = new cdk.Stack(new cdk.App(), 'Demo', { env: { account: '123456789012', region: 'eu-west-1' } });
  const { imageId } = ec2.MachineImage.lookup({ name: 'feeds-*' }).getImage(stack);
  const dataPlane = DataPlane.kernel();
  for (const id of [imageId, 'resolve:ssm:/feeds/image']) {
    expect(HostImage.fromHostImageAttributes(stack, id.slice(0, 3), { imageId: id, dataPlane }).imageId).toBe(id);
  }
});

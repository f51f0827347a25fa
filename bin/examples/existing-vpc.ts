// SPDX-License-Identifier: Apache-2.0
/*
 * A host in a VPC that others own, and alarms for it in a stack of their own. Nothing is looked up, so no credentials
 * are needed to synthesise; with them, `Vpc.fromLookup` finds the subnets by itself.
 *
 *   npx cdk synth -a 'node bin/examples/existing-vpc.js' --all
 */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataInterface, DataPlane, LowLatencyInstance, UdpFlow } from '../../lib';

export const app = new App();
const stack = new Stack(app, 'ExistingVpc');

const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['us-east-1a'],
  privateSubnetIds: ['subnet-0123456789abcdef0'],
  privateSubnetNames: ['Trading'],
});
const gateway = SecurityGroup.fromSecurityGroupId(stack, 'Gateway', 'sg-0123456789abcdef0');

const feed = new LowLatencyInstance(stack, 'Feed', {
  vpc,
  vpcSubnets: { subnetGroupName: 'Trading' },
  dataPlane: DataPlane.afXdp({ flows: [UdpFlow.port(9000)] }),
  // The group that the VPC's owners made for hosts like this one.
  dataInterface: DataInterface.of({ securityGroups: [SecurityGroup.fromSecurityGroupId(stack, 'Feeds', 'sg-0123456789abcdef1')] }),
  instanceName: 'trading-feed',
});
feed.connections.allowFrom(gateway, Port.udp(9000));
new CfnOutput(stack, 'FeedInstanceId', { value: feed.instanceId });

// The team that is on call needs the name only, not the stack.
const onCall = new Stack(app, 'OnCall');
const watched = LowLatencyInstance.fromLowLatencyInstanceAttributes(onCall, 'Feed', {
  instanceName: 'trading-feed', instanceId: 'i-0123456789abcdef0',
});
watched.metricReceiverUp().createAlarm(onCall, 'Silent', {
  threshold: 1,
  evaluationPeriods: 1,
  comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.BREACHING, // a host that is gone publishes nothing
});

// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { DataPlane, LatencyDashboard, LowLatencyInstance } from '../lib';

// The demo: one host, its data plane picked by `-c dataPlane=kernel|xdp|afxdp|dpdk`, in a small VPC of its own.
const app = new App();
const stack = new Stack(app, 'Demo');

const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1, natGateways: 1 });
const feed = new LowLatencyInstance(stack, 'Feed', {
  vpc,
  dataPlane: DataPlane.fromName(app.node.tryGetContext('dataPlane') as string),
});
feed.connections.allowFrom(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.udp(9000));
new LatencyDashboard(stack, 'Dashboard', { instances: [feed] });

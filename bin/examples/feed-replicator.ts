// SPDX-License-Identifier: Apache-2.0
/*
 * A feed replicator: one host on DPDK receives the feed once and sends each subscriber a unicast copy, by reference to
 * the received buffer. It alarms when it had to give up a copy, and when EC2 says that it sends more than it may.
 *
 *   npx cdk synth -a 'node bin/examples/feed-replicator.js' -c subscribers=10.1.0.21:9000,10.1.0.22:9000
 *
 * Another list replaces the host. A list that changes during the day belongs in a file on the host: with
 * `subscribersFile` the replicator follows it without losing a packet.
 */
import { App, Stack } from 'aws-cdk-lib';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataPlane, LatencyDashboard, LowLatencyInstance, PacketHandler, UdpFlow } from '../../lib';

export const app = new App();
const stack = new Stack(app, 'FeedReplicator');

const list = String(app.node.tryGetContext('subscribers') ?? '10.1.0.21:9000,10.1.0.22:9000,10.1.0.23:9000');
const subscribers = list.split(',').map((subscriber) => {
  const [address, port] = subscriber.split(':');
  return { address, port: Number(port) };
});

const replicator = new LowLatencyInstance(stack, 'Replicator', {
  vpc: new Vpc(stack, 'Vpc', { maxAzs: 1 }),
  dataPlane: DataPlane.dpdk({ flows: [UdpFlow.port(9000)], handler: PacketHandler.fanout({ subscribers }) }),
});
replicator.connections.allowFrom(Peer.ipv4('10.1.0.0/16'), Port.udp(9000), 'the feed');

replicator.metricPacketsUnsent().createAlarm(stack, 'Unsent', { threshold: 1, evaluationPeriods: 1 });
replicator.metricAllowanceExceeded().createAlarm(stack, 'AllowanceExceeded', { threshold: 1, evaluationPeriods: 1 });

const { dashboard } = new LatencyDashboard(stack, 'Dashboard', { instances: [replicator] });
dashboard.addWidgets(new GraphWidget({
  title: `In, and out to ${subscribers.length} subscribers`,
  width: 24,
  left: [replicator.metricPacketsReceived({ label: 'received' }), replicator.metricPacketsSent({ label: 'sent' })],
  right: [replicator.metricPacketsUnsent({ label: 'given up' })],
}));

// SPDX-License-Identifier: Apache-2.0
/*
 * A single feed: one host on AF_XDP that follows a MoldUDP64 feed by its sequence numbers and alarms when a message is
 * missing, when nobody can say why, and when the 99.9th percentile is too slow.
 *
 *   npx cdk synth -a 'node bin/examples/single-feed.js'
 */
import { App, Stack } from 'aws-cdk-lib';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataPlane, LatencyDashboard, LowLatencyInstance, PacketHandler, SequenceFormat, UdpFlow } from '../../lib';

export const app = new App();
const stack = new Stack(app, 'SingleFeed');

const feed = new LowLatencyInstance(stack, 'Feed', {
  vpc: new Vpc(stack, 'Vpc', { maxAzs: 1 }),
  dataPlane: DataPlane.afXdp({
    flows: [UdpFlow.port(26400)],
    handler: PacketHandler.feed({ format: SequenceFormat.moldUdp64() }),
  }),
});
feed.connections.allowFrom(Peer.ipv4('10.1.0.0/16'), Port.udp(26400), 'the exchange gateway');

feed.metricSequenceGaps().createAlarm(stack, 'Gaps', { threshold: 1, evaluationPeriods: 1 });
feed.metricPacketsUnexplained().createAlarm(stack, 'Unexplained', { threshold: 1, evaluationPeriods: 1 });
feed.metricReceiveLatency({ statistic: 'p99.9' }).createAlarm(stack, 'Slow', { threshold: 65, evaluationPeriods: 3 });

new LatencyDashboard(stack, 'Dashboard', { instances: [feed] });

// SPDX-License-Identifier: Apache-2.0
/*
 * An A/B feed: the exchange sends every message on two lines, and the first copy of each wins. Management traffic has
 * network card 0 and its ENI to itself; both lines come in on network card 1, in one queue, so that one core sees their
 * messages in order and waits half a millisecond for a line that is late before it calls a message missing.
 *
 *   npx cdk synth -a 'node bin/examples/ab-feed.js'
 */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataInterface, DataPlane, LatencyDashboard, LowLatencyInstance, PacketHandler, SequenceFormat, UdpFlow } from '../../lib';

const LINE_A = 26400;
const LINE_B = 26401;

export const app = new App();
const stack = new Stack(app, 'AbFeed');

const feed = new LowLatencyInstance(stack, 'Feed', {
  vpc: new Vpc(stack, 'Vpc', { maxAzs: 1 }),
  // The security group forgets a flow after 30 seconds of silence; an exchange pauses for longer.
  dataInterface: DataInterface.of({ networkCard: 1, udpTimeout: Duration.seconds(60) }),
  dataPlane: DataPlane.dpdk({
    flows: [UdpFlow.port(LINE_A), UdpFlow.port(LINE_B)],
    handler: PacketHandler.feed({ format: SequenceFormat.moldUdp64(), lines: [LINE_A, LINE_B], reorderMicros: 500 }),
  }),
});
feed.connections.allowFrom(Peer.ipv4('10.1.0.0/16'), Port.udpRange(LINE_A, LINE_B), 'lines A and B');

// A gap means that both lines lost the message; what one line alone lost, the handler counts.
feed.metricSequenceGaps().createAlarm(stack, 'BothLinesLost', { threshold: 1, evaluationPeriods: 1 });
feed.metric('Handler.line_a_lost', { statistic: 'Sum' }).createAlarm(stack, 'LineA', { threshold: 100, evaluationPeriods: 1 });
feed.metric('Handler.line_b_lost', { statistic: 'Sum' }).createAlarm(stack, 'LineB', { threshold: 100, evaluationPeriods: 1 });

new LatencyDashboard(stack, 'Dashboard', { instances: [feed] });

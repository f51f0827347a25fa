// SPDX-License-Identifier: Apache-2.0
/*
 * A fleet: two hosts that all receive the same feed, and a third at exchange hours. A new plan replaces them without a
 * gap, because the old group stays until the new hosts have proved themselves. The new group begins with two: deploy
 * outside exchange hours, or the third comes the next morning.
 *
 *   npx cdk synth -a 'node bin/examples/fleet.js'
 */
import { App, Stack } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-autoscaling';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { InstanceType, Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataPlane, FleetUpdate, LatencyDashboard, LowLatencyFleet, UdpFlow } from '../../lib';

export const app = new App();
const stack = new Stack(app, 'Fleet');

const feeds = new LowLatencyFleet(stack, 'Feeds', {
  vpc: new Vpc(stack, 'Vpc', { maxAzs: 1 }),
  instanceType: new InstanceType('c7gn.4xlarge'),
  dataPlane: DataPlane.afXdp({ flows: [UdpFlow.port(9000)] }),
  minCapacity: 2,
  maxCapacity: 3,
  update: FleetUpdate.replace(),
});
feeds.connections.allowFrom(Peer.ipv4('10.1.0.0/16'), Port.udp(9000));

feeds.autoScalingGroup.scaleOnSchedule('Open', {
  schedule: Schedule.cron({ weekDay: 'MON-FRI', hour: '9', minute: '0' }), timeZone: 'America/New_York', desiredCapacity: 3,
});
feeds.autoScalingGroup.scaleOnSchedule('Close', {
  schedule: Schedule.cron({ weekDay: 'MON-FRI', hour: '16', minute: '30' }), timeZone: 'America/New_York', desiredCapacity: 2,
});

// A true percentile over the packets of all hosts; the lowest value of any.
feeds.metricReceiveLatency({ statistic: 'p99.9' }).createAlarm(stack, 'Slow', { threshold: 65, evaluationPeriods: 3 });
feeds.metricFastPath().createAlarm(stack, 'SlowPath', {
  threshold: 1, evaluationPeriods: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
});

new LatencyDashboard(stack, 'Dashboard', { fleets: [feeds] });

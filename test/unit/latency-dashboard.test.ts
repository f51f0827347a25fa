// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import { LatencyDashboard, LowLatencyFleet, LowLatencyInstance } from '../../lib';
import { feedStack, template } from './fixtures/stack';

type Widget = { properties: { title?: string; markdown?: string; metrics?: unknown[][] } };

function widgets(stack: Parameters<typeof template>[0]): Widget[] {
  const [dashboard] = Object.values(template(stack).findResources('AWS::CloudWatch::Dashboard')) as any[];
  const { DashboardBody: body } = dashboard.Properties;
  const text = typeof body === 'string' ? body : (body['Fn::Join'][1] as unknown[]).map(part => (typeof part === 'string' ? part : 'x')).join('');
  return (JSON.parse(text) as { widgets: Widget[] }).widgets;
}

test('shows latency, packets, losses and state of each instance', () => {
  const { stack, feed } = feedStack();
  const other = LowLatencyInstance.fromLowLatencyInstanceAttributes(stack, 'Other', { instanceName: 'Other-Feed', instanceId: 'i-1' });
  new LatencyDashboard(stack, 'Dashboard', { instances: [feed, other] });
  expect(widgets(stack).map(({ properties }) => properties.title ?? properties.markdown)).toEqual([
    '## Demo-Feed', 'Receive latency, µs', 'Packets', 'Lost, by cause', 'State',
    '## Other-Feed', 'Receive latency, µs', 'Packets', 'Lost, by cause', 'State',
  ]);
});

test('reads percentiles of the distribution', () => {
  const { stack, feed } = feedStack();
  new LatencyDashboard(stack, 'Dashboard', { instances: [feed], period: Duration.seconds(10) });
  const latency = widgets(stack).find(({ properties }) => properties.title?.startsWith('Receive'))!;
  expect(latency.properties.metrics!.map(metric => [metric[1], metric[metric.length - 1]])).toEqual([
    ['ReceiveLatency', { label: 'p50', period: 10, stat: 'p50' }],
    ['ReceiveLatency', { label: 'p99', period: 10, stat: 'p99' }],
    ['ReceiveLatency', { label: 'p99.9', period: 10, stat: 'p99.9' }],
    ['OneWayLatency', { label: 'one-way p99', period: 10, stat: 'p99', yAxis: 'right' }],
  ]);
});

test('is the default child', () => {
  const { stack, feed } = feedStack();
  const board = new LatencyDashboard(stack, 'Dashboard', { instances: [feed] });
  expect(board.node.defaultChild).toBe(board.dashboard);
});

test('fails without an instance', () => {
  const { stack } = feedStack();
  expect(() => new LatencyDashboard(stack, 'Dashboard', { instances: [] })).toThrow(
    new Error("'instances' or 'fleets' must have at least one entry, got none (at Demo/Dashboard)"));
});

test('shows fleets below hosts', () => {
  const { stack, feed } = feedStack();
  const fleet = LowLatencyFleet.fromLowLatencyFleetAttributes(stack, 'Feeds', { fleetName: 'Other-Feeds', autoScalingGroupName: 'g' });
  new LatencyDashboard(stack, 'Dashboard', { instances: [feed], fleets: [fleet] });
  const [dashboard] = Object.values(template(stack).findResources('AWS::CloudWatch::Dashboard')) as any[];
  const text = JSON.stringify(dashboard.Properties.DashboardBody);
  expect(text.indexOf('## Demo-Feed')).toBeGreaterThan(0);
  expect(text.indexOf('## Other-Feeds')).toBeGreaterThan(text.indexOf('## Demo-Feed'));
});

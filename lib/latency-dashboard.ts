// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ILowLatencyFleet } from './low-latency-fleet';
import type { ILowLatencyInstance } from './low-latency-instance';
import type { IPacketReceiver } from './packet-receiver';
import { fail } from './private/fail';
import { LOST_CAUSES } from './private/metric-names';

/** Options of `LatencyDashboard`. */
export interface LatencyDashboardProps {
  /**
   * The hosts to show, one row of graphs each.
   *
   * @default - none
   */
  readonly instances?: ILowLatencyInstance[];

  /**
   * The fleets to show, one row of graphs each, below the hosts.
   *
   * @default - none
   */
  readonly fleets?: ILowLatencyFleet[];

  /**
   * Name of the dashboard.
   *
   * @default - chosen by CloudFormation
   */
  readonly dashboardName?: string;

  /**
   * Period of the graphs. Metrics are kept at one second for three hours, then at one minute.
   *
   * @default Duration.minutes(1)
   */
  readonly period?: Duration;
}

/** Latency, packets and losses of hosts on one page. */
export class LatencyDashboard extends Construct {
  /** The dashboard, for widgets of your own. */
  public readonly dashboard: cloudwatch.Dashboard;

  public constructor(scope: Construct, id: string, props: LatencyDashboardProps) {
    super(scope, id);
    const rows: [string, IPacketReceiver][] = [
      ...(props.instances ?? []).map((instance): [string, IPacketReceiver] => [instance.instanceName, instance]),
      ...(props.fleets ?? []).map((fleet): [string, IPacketReceiver] => [fleet.fleetName, fleet]),
    ];
    if (rows.length === 0) {
      fail(this, "'instances' or 'fleets' must have at least one entry, got none");
    }
    this.dashboard = new cloudwatch.Dashboard(this, 'Resource', { dashboardName: props.dashboardName });
    const period = props.period ?? Duration.minutes(1);
    for (const [name, receiver] of rows) {
      this.dashboard.addWidgets(
        new cloudwatch.TextWidget({ markdown: `## ${name}`, width: 24, height: 1 }));
      this.dashboard.addWidgets(latency(receiver, period), packets(receiver, period), losses(receiver, period), state(receiver, period));
    }
  }
}

function latency(receiver: IPacketReceiver, period: Duration): cloudwatch.IWidget {
  const percentile = (p: number) => receiver.metricReceiveLatency({ statistic: cloudwatch.Stats.p(p), label: `p${p}`, period });
  return graph('Receive latency, µs', {
    left: [percentile(50), percentile(99), percentile(99.9)],
    right: [receiver.metricOneWayLatency({ statistic: cloudwatch.Stats.p(99), label: 'one-way p99', period })],
  });
}

function packets(receiver: IPacketReceiver, period: Duration): cloudwatch.IWidget {
  return graph('Packets', {
    left: [receiver.metricPacketsReceived({ label: 'received', period })],
    right: [
      receiver.metricSequenceGaps({ label: 'sequence gaps', period }),
      receiver.metricPacketsUnexplained({ label: 'unexplained', period }),
    ],
  });
}

function losses(receiver: IPacketReceiver, period: Duration): cloudwatch.IWidget {
  return graph('Lost, by cause', {
    left: LOST_CAUSES.map(cause => receiver.metricPacketsLostBy(cause, { label: cause, period })),
    stacked: true,
  });
}

function state(receiver: IPacketReceiver, period: Duration): cloudwatch.IWidget {
  return graph('State', {
    left: [
      receiver.metricReceiverUp({ label: 'receiver up', period }),
      receiver.metricFastPath({ label: 'fast path', period }),
    ],
    leftYAxis: { min: 0, max: 1 },
    right: [receiver.metricAllowanceExceeded({ label: 'allowance exceeded', period })],
  });
}

function graph(title: string, props: cloudwatch.GraphWidgetProps): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({ title, width: 6, height: 6, ...props });
}

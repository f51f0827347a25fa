// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ILowLatencyInstance } from './low-latency-instance';
import { fail } from './private/fail';
import { LOST_CAUSES } from './private/metric-names';

/** Options of `LatencyDashboard`. */
export interface LatencyDashboardProps {
  /** The hosts to show, one row of graphs each. */
  readonly instances: ILowLatencyInstance[];

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
    if (props.instances.length === 0) {
      fail(this, "'instances' must have at least one entry, got none");
    }
    this.dashboard = new cloudwatch.Dashboard(this, 'Resource', { dashboardName: props.dashboardName });
    const period = props.period ?? Duration.minutes(1);
    for (const instance of props.instances) {
      this.dashboard.addWidgets(
        new cloudwatch.TextWidget({ markdown: `## ${instance.instanceName}`, width: 24, height: 1 }));
      this.dashboard.addWidgets(latency(instance, period), packets(instance, period), losses(instance, period), state(instance, period));
    }
  }
}

function latency(instance: ILowLatencyInstance, period: Duration): cloudwatch.IWidget {
  const percentile = (p: number) => instance.metricReceiveLatency({ statistic: cloudwatch.Stats.p(p), label: `p${p}`, period });
  return graph('Receive latency, µs', {
    left: [percentile(50), percentile(99), percentile(99.9)],
    right: [instance.metricOneWayLatency({ statistic: cloudwatch.Stats.p(99), label: 'one-way p99', period })],
  });
}

function packets(instance: ILowLatencyInstance, period: Duration): cloudwatch.IWidget {
  return graph('Packets', {
    left: [instance.metricPacketsReceived({ label: 'received', period })],
    right: [
      instance.metricSequenceGaps({ label: 'sequence gaps', period }),
      instance.metricPacketsUnexplained({ label: 'unexplained', period }),
    ],
  });
}

function losses(instance: ILowLatencyInstance, period: Duration): cloudwatch.IWidget {
  return graph('Lost, by cause', {
    left: LOST_CAUSES.map(cause => instance.metricPacketsLostBy(cause, { label: cause, period })),
    stacked: true,
  });
}

function state(instance: ILowLatencyInstance, period: Duration): cloudwatch.IWidget {
  return graph('State', {
    left: [
      instance.metricReceiverUp({ label: 'receiver up', period }),
      instance.metricFastPath({ label: 'fast path', period }),
    ],
    leftYAxis: { min: 0, max: 1 },
    right: [instance.metricAllowanceExceeded({ label: 'allowance exceeded', period })],
  });
}

function graph(title: string, props: cloudwatch.GraphWidgetProps): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({ title, width: 6, height: 6, ...props });
}

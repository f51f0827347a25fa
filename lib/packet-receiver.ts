// SPDX-License-Identifier: Apache-2.0
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** What receives packets and says how it fares: one host or a fleet of them, in this stack or another. */
export interface IPacketReceiver extends IConstruct, ec2.IConnectable, iam.IGrantable {
  /** A metric by its name; the statistic follows the kind of metric. */
  metric(metricName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * From the packet's arrival stamp to the end of its handler, in microseconds.
   *
   * @default - p99 over one minute
   */
  metricReceiveLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * From the sender's scheduled stamp to the handler, in microseconds; messages that carry a stamp only.
   *
   * @default - p99 over one minute
   */
  metricOneWayLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams delivered to the handler.
   *
   * @default - sum over one minute
   */
  metricPacketsReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * UDP payload bytes delivered to the handler.
   *
   * @default - sum over one minute
   */
  metricBytesReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of the feed that were lost for a known cause.
   *
   * @default - sum over one minute
   */
  metricPacketsLost(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of the feed that were lost for one cause.
   *
   * @param cause a name of `include/kb/causes.def`, such as `nic_overrun`
   * @default - sum over one minute
   */
  metricPacketsLostBy(cause: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of other traffic: ARP, ICMP, other ports.
   *
   * @default - sum over one minute
   */
  metricPacketsIgnored(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Messages missing by their sequence number.
   *
   * @default - sum over one minute
   */
  metricSequenceGaps(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Sequence gaps that no cause accounts for: lost outside this host, or by a defect.
   *
   * @default - sum over one minute
   */
  metricPacketsUnexplained(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams that the handler sent.
   *
   * @default - sum over one minute
   */
  metricPacketsSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams that the handler wanted to send and gave up: no free TX descriptor.
   *
   * @default - sum over one minute
   */
  metricPacketsUnsent(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets that EC2 queued or dropped because an instance exceeded an allowance.
   *
   * @default - sum over one minute
   */
  metricAllowanceExceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * 1 while the receiver lives.
   *
   * @default - minimum over one minute
   */
  metricReceiverUp(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * 1 while the mode in force is the mode planned: zero-copy, native XDP, the chosen driver.
   *
   * @default - minimum over one minute
   */
  metricFastPath(options?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

// SPDX-License-Identifier: Apache-2.0
import { Token } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { IPacketReceiver } from '../packet-receiver';
import { fail } from './fail';
import { LOST_CAUSES } from './metric-names';
import { instanceMetric } from './metrics';

/**
 * The metrics of a host or a fleet, which differ in nothing but their name.
 * @internal
 */
export abstract class PacketReceiverBase extends Construct implements IPacketReceiver {
  public abstract readonly connections: ec2.Connections;
  public abstract readonly grantPrincipal: iam.IPrincipal;

  /**
   * Value of the metric dimension `Name`.
   * @internal
   */
  protected abstract readonly _dimension: string;

  public metric(metricName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return instanceMetric(this._dimension, metricName, options).attachTo(this);
  }

  public metricReceiveLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ReceiveLatency', options);
  }

  public metricOneWayLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('OneWayLatency', options);
  }

  public metricPacketsReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsReceived', options);
  }

  public metricBytesReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesReceived', options);
  }

  public metricPacketsLost(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsLost', options);
  }

  public metricPacketsLostBy(cause: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    if (!Token.isUnresolved(cause) && !(LOST_CAUSES as readonly string[]).includes(cause)) {
      fail(this, `'cause' must be one of ${LOST_CAUSES.join(', ')}, got '${cause}'`);
    }
    return this.metric('PacketsLost', { ...options, dimensionsMap: { Cause: cause, ...options?.dimensionsMap } });
  }

  public metricPacketsIgnored(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsIgnored', options);
  }

  public metricSequenceGaps(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SequenceGaps', options);
  }

  public metricPacketsUnexplained(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsUnexplained', options);
  }

  public metricPacketsSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsSent', options);
  }

  public metricPacketsUnsent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsUnsent', options);
  }

  public metricAllowanceExceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('AllowanceExceeded', options);
  }

  public metricReceiverUp(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ReceiverUp', options);
  }

  public metricFastPath(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FastPath', options);
  }
}

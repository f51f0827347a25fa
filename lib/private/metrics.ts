// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { MetricName } from './metric-names';
import { METRIC_NAMESPACE, METRICS } from './metric-names';

/** A metric of one instance. The statistic follows the kind of metric unless the options say otherwise. */
export function instanceMetric(
  instanceName: string, metricName: string, options: cloudwatch.MetricOptions = {}, dimensions: Record<string, string> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    period: Duration.minutes(1),
    statistic: defaultStatistic(metricName),
    ...options,
    dimensionsMap: { Name: instanceName, ...dimensions, ...options.dimensionsMap },
  });
}

function defaultStatistic(metricName: string): string {
  switch (METRICS[metricName as MetricName]) {
    case 'histogram': return cloudwatch.Stats.p(99);
    case 'count': return cloudwatch.Stats.SUM;
    default: return cloudwatch.Stats.MINIMUM; // gauges of ours say 1 while all is well
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct, IConstruct } from 'constructs';
import { METRIC_NAMESPACE } from './metric-names';

const SHORTEST_PERIOD = 10; // seconds; metrics may be read at 1 s, alarms may not

const validated = new WeakSet<IConstruct>();

/** Alarms on our metrics with a period that CloudWatch refuses and CDK lets pass, anywhere in the app. */
export function validateAlarms(scope: Construct): void {
  const { root } = scope.node;
  if (validated.has(root)) {
    return;
  }
  validated.add(root);
  root.node.addValidation({
    validate: () => root.node.findAll()
      .filter(construct => cloudwatch.CfnAlarm.isCfnAlarm(construct))
      .flatMap(alarm => periodsOf(alarm)
        .filter(period => period < SHORTEST_PERIOD)
        .map(period => `the period of an alarm must be at least ${SHORTEST_PERIOD} seconds, got ${period} (at ${alarm.node.path})`)),
  });
}

function periodsOf(alarm: cloudwatch.CfnAlarm): number[] {
  const own = alarm.namespace === METRIC_NAMESPACE && alarm.period !== undefined ? [alarm.period] : [];
  const queries = Array.isArray(alarm.metrics) ? alarm.metrics as cloudwatch.CfnAlarm.MetricDataQueryProperty[] : [];
  const inQueries = queries
    .map(query => query.metricStat as cloudwatch.CfnAlarm.MetricStatProperty | undefined)
    .filter(stat => (stat?.metric as cloudwatch.CfnAlarm.MetricProperty | undefined)?.namespace === METRIC_NAMESPACE)
    .map(stat => stat!.period);
  return [...own, ...inQueries];
}

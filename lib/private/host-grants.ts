// SPDX-License-Identifier: Apache-2.0
import * as iam from 'aws-cdk-lib/aws-iam';
import { METRIC_NAMESPACE } from './metric-names';

/**
 * What a host needs to be allowed: sessions, its metrics and its archive. The policies that AWS maintains for the two
 * agents let a host read every parameter of the account, too, and cannot be given to a role by its name.
 */
export function grantHost(role: iam.IRole, archiveArn: string): void {
  const allow = (statement: iam.PolicyStatementProps) => role.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  allow({ actions: ['s3:GetObject'], resources: [archiveArn] });
  allow({
    actions: [
      'ssm:UpdateInstanceInformation', // the host is there
      'ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel', 'ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel',
    ],
    resources: ['*'], // none of them has another resource that is known before the host is
  });
  allow({
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'], // metrics have no ARNs
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
  });
}

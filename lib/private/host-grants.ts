// SPDX-License-Identifier: Apache-2.0
import { Annotations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from './metric-names';

/**
 * What a host needs to be allowed: sessions, its metrics and its archive. The policies that AWS maintains for the two
 * agents let a host read every parameter of the account, too, and cannot be given to a role by its name.
 */
export function grantHost(scope: Construct, role: iam.IRole, archiveArn: string): void {
  const statements: iam.PolicyStatement[] = [];
  const allow = (statement: iam.PolicyStatementProps) => statements.push(new iam.PolicyStatement(statement));
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
  grant(scope, role, statements);
}

/** Gives a role what it needs, or says what it must allow where it may not be changed. */
export function grant(scope: Construct, role: iam.IRole, statements: readonly iam.PolicyStatement[], beside = ''): void {
  statements.forEach(statement => role.addToPrincipalPolicy(statement));
  if (!takesPolicies(role)) {
    warn(scope, 'rolePermissions', statements, beside);
  }
}

/**
 * Lets the hosts of a group call themselves unhealthy. A policy of its own: the group waits for those of the role, and
 * this one names the group.
 */
export function grantHealthReports(scope: Construct, role: iam.IRole, groupArn: string): void {
  const statement = new iam.PolicyStatement({ actions: ['autoscaling:SetInstanceHealth'], resources: [groupArn] });
  // A policy that names a role is attached to it, also to one that is declared to be left alone.
  if (takesPolicies(role)) {
    new iam.Policy(scope, 'HealthPolicy', { roles: [role], statements: [statement] });
  } else {
    warn(scope, 'roleHealth', [statement]);
  }
}

/** Whether it took what it was given: a role that may not be changed says that it did. */
function takesPolicies(role: iam.IRole): boolean {
  return iam.Role.isRole(role) || role.node.findAll().some(child => child instanceof iam.Policy);
}

function warn(scope: Construct, id: string, statements: readonly iam.PolicyStatement[], beside = ''): void {
  Annotations.of(scope).addWarningV2(`cdk-kernel-bypass:${id}`, `'role' may not be changed here: see that it allows ${
    statements.flatMap(({ actions }) => actions).join(', ')}${beside}`);
}

// SPDX-License-Identifier: Apache-2.0
import * as budgets from 'aws-cdk-lib/aws-budgets';
import type { Construct } from 'constructs';

/* The only file that touches the L1 of AWS Budgets: there is no L2. */

/** A budget of the account: AWS can tell one stack's cost from another's only by tags that somebody has activated for billing. */
export function monthlyBudget(scope: Construct, usd: number, emails: readonly string[]): void {
  const notification = (notificationType: string, threshold: number) => ({
    notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
    subscribers: emails.map(address => ({ subscriptionType: 'EMAIL', address })),
  });
  new budgets.CfnBudget(scope, 'Budget', {
    budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: usd, unit: 'USD' } },
    notificationsWithSubscribers: [notification('ACTUAL', 80), notification('FORECASTED', 100)],
  });
}

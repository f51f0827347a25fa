// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { CostGuardProps } from '../../lib';
import { CostGuard, DataPlane, LowLatencyInstance } from '../../lib';
import { demoStack, feedStack, template } from './fixtures/stack';

function guardStack(props: (feed: LowLatencyInstance) => CostGuardProps) {
  const { stack, feed } = feedStack();
  return { stack, feed, guard: new CostGuard(stack, 'Guard', props(feed)) };
}

test('mails before the budget is spent, and when it will be', () => {
  const { stack } = guardStack(() => ({ monthlyBudgetUsd: 500, budgetEmails: ['a@example.com', 'b@example.com'] }));
  const subscribers = ['a', 'b'].map(name => ({ SubscriptionType: 'EMAIL', Address: `${name}@example.com` }));
  template(stack).hasResourceProperties('AWS::Budgets::Budget', {
    Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 500, Unit: 'USD' } },
    NotificationsWithSubscribers: [
      { Notification: { NotificationType: 'ACTUAL', ComparisonOperator: 'GREATER_THAN', Threshold: 80, ThresholdType: 'PERCENTAGE' }, Subscribers: subscribers },
      { Notification: { NotificationType: 'FORECASTED', ComparisonOperator: 'GREATER_THAN', Threshold: 100, ThresholdType: 'PERCENTAGE' }, Subscribers: subscribers },
    ],
  });
});

test('stops a host that hardly hears a packet, and not one that has just been made', () => {
  const { stack, feed } = guardStack(host => ({ stopWhenIdle: [host], idleAfter: cdk.Duration.minutes(45) }));
  template(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/EC2', MetricName: 'NetworkPacketsIn', Dimensions: [{ Name: 'InstanceId', Value: stack.resolve(feed.instanceId) }],
    Statistic: 'Sum', Period: 300, EvaluationPeriods: 9, Threshold: 5000, ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':automate:', { Ref: 'AWS::Region' }, ':ec2:stop']] }],
  });
});

test('deletes the stack on its day, and may do nothing else', () => {
  const { stack } = guardStack(() => ({ expires: new Date('2026-12-01T18:00:00Z') }));
  template(stack).hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'at(2026-12-01T18:00:00)', ScheduleExpressionTimezone: 'Etc/UTC',
    Target: { Arn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':scheduler:::aws-sdk:cloudformation:deleteStack$')])] }, Input: Match.anyValue() },
  });
  const [, policy] = Object.entries(template(stack).findResources('AWS::IAM::Policy')).find(([id]) => id.startsWith('Scheduler'))!;
  expect(policy.Properties.PolicyDocument.Statement).toEqual([
    { Effect: 'Allow', Action: 'cloudformation:DeleteStack', Resource: { Ref: 'AWS::StackId' } },
  ]);
});

test('guards what is asked for', () => {
  const { guard } = guardStack(feed => ({ stopWhenIdle: [feed] }));
  expect(guard.node.findAll().map(construct => construct.node.path)).toEqual(['Demo/Guard', 'Demo/Guard/Idle1', 'Demo/Guard/Idle1/Resource']);
});

describe('fails', () => {
  const together = "'monthlyBudgetUsd' and 'budgetEmails' go together: a budget that tells nobody keeps nobody from spending";
  test.each<[string, CostGuardProps, string]>([
    ['on nothing to guard', {}, "a cost guard needs 'monthlyBudgetUsd', 'stopWhenIdle' or 'expires'"],
    ['on a budget of nothing', { monthlyBudgetUsd: 0, budgetEmails: ['a@b'] }, "'monthlyBudgetUsd' must be more than 0, got 0"],
    ['on a budget that tells nobody', { monthlyBudgetUsd: 5 }, together],
    ['on too many to tell', { monthlyBudgetUsd: 5, budgetEmails: Array<string>(11).fill('a@b') }, "'budgetEmails' must be between 1 and 10 in number, got 11"],
    ['on a mail address that is none', { monthlyBudgetUsd: 5, budgetEmails: ['me'] }, "'budgetEmails' must be mail addresses, got 'me'"],
    ['on a stop in haste', { stopWhenIdle: [], idleAfter: cdk.Duration.minutes(5) }, "'idleAfter in minutes' must be between 30 and 1440, got 5"],
    ['on a period that CloudWatch cannot count', { stopWhenIdle: [], idleAfter: cdk.Duration.minutes(33) }, "'idleAfter' must be a multiple of 5 minutes, got 33 minutes"],
    ['on idleness of nothing', { stopWhenIdle: [], idlePacketsPerMinute: 0 }, "'idlePacketsPerMinute' must be more than 0, got 0"],
    ['on a day that is none', { expires: new Date('soon') }, "'expires' must be a date, got one that is none"],
  ])('%s', (_, props, message) => {
    expect(() => guardStack(() => props)).toThrow(new Error(`${message} (at Demo/Guard)`));
  });

  test('on a stack that must not be deleted', () => {
    const stack = new cdk.Stack(new cdk.App(), 'Demo', { terminationProtection: true });
    expect(() => new CostGuard(stack, 'Guard', { expires: new Date('2026-12-01T18:00:00Z') }))
      .toThrow(new Error("'expires' cannot delete a stack with termination protection: leave one of them out (at Demo/Guard)"));
  });
});

// The validator is a WebAssembly module that takes seconds to load, once.
const patience = 120_000;

test('passes the validator of CDK', () => {
  const app = new cdk.App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  const { stack, vpc } = demoStack(app);
  const feed = new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.kernel() });
  new CostGuard(stack, 'Guard', { monthlyBudgetUsd: 5, budgetEmails: ['a@example.com'], stopWhenIdle: [feed], expires: new Date('2026-12-01T18:00:00Z') });
  expect(() => app.synth()).not.toThrow();
}, patience);

test('adds nothing that the AwsSolutions pack objects to', () => {
  const app = new cdk.App();
  const stack = new cdk.Stack(app, 'Demo');
  const feed = LowLatencyInstance.fromLowLatencyInstanceAttributes(stack, 'Feed', { instanceName: 'feed', instanceId: 'i-0123456789abcdef0' });
  new CostGuard(stack, 'Guard', { monthlyBudgetUsd: 5, budgetEmails: ['a@example.com'], stopWhenIdle: [feed], expires: new Date('2026-12-01T18:00:00Z') });
  cdk.Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
}, patience);

test('an alarm of another region than its host is refused', () => {
  const app = new cdk.App();
  const there = new cdk.Stack(app, 'There', { env: { account: '123456789012', region: 'eu-west-1' }, crossRegionReferences: true });
  const feed = new LowLatencyInstance(there, 'Feed', { vpc: new ec2.Vpc(there, 'Vpc'), dataPlane: DataPlane.kernel() });
  const here = new cdk.Stack(app, 'Here', { env: { account: '123456789012', region: 'us-east-1' }, crossRegionReferences: true });
  expect(() => new CostGuard(here, 'Guard', { stopWhenIdle: [feed] })).toThrow(/eu-west-1/);
});

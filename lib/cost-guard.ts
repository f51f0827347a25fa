// SPDX-License-Identifier: Apache-2.0
import { Duration, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as targets from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { ILowLatencyInstance } from './low-latency-instance';
import { minutesOf } from './private/amounts';
import { range } from './private/bounds';
import { monthlyBudget } from './private/budget-escape';
import { Findings } from './private/fail';

/** Options of `CostGuard`; what is left out is not guarded. */
export interface CostGuardProps {
  /**
   * What the account may cost a month, in USD. Mails go to `budgetEmails` when 80 % are spent, and when AWS expects the
   * month to end above it.
   *
   * @default - no budget
   */
  readonly monthlyBudgetUsd?: number;

  /**
   * Who is told of the budget, 1 to 10 addresses.
   *
   * @default - nobody: there is no budget
   */
  readonly budgetEmails?: string[];

  /**
   * Hosts to stop when hardly any packet has come in for `idleAfter`. Start them again with
   * `aws ec2 start-instances`. Hosts of a fleet would be replaced: scale it down by a schedule instead.
   *
   * @default - none
   */
  readonly stopWhenIdle?: ILowLatencyInstance[];

  /**
   * How long a host must be idle before it is stopped: 30 minutes to 24 hours, in steps of 5 minutes. A first boot
   * that builds is quiet for most of an hour.
   *
   * @default Duration.hours(1)
   */
  readonly idleAfter?: Duration;

  /**
   * Packets per minute, on all ENIs, below which a host is idle. A few hundred are Session Manager's and CloudWatch's.
   *
   * @default 1000
   */
  readonly idlePacketsPerMinute?: number;

  /**
   * When the stack is deleted, with everything in it.
   *
   * CloudFormation deletes it by the role that deployed it, which `cdk deploy` has from the bootstrap stack.
   *
   * @default - never
   */
  readonly expires?: Date;
}

const PERIOD = Duration.minutes(5);

/**
 * Keeps a lab from costing more than it is worth: a budget that mails, hosts that stop when nobody sends to them, and a
 * stack that deletes itself. None of it runs code: they are an AWS budget, CloudWatch alarms and an EventBridge schedule.
 *
 * Not for production: a quiet market is idle, too.
 */
export class CostGuard extends Construct {
  public constructor(scope: Construct, id: string, props: CostGuardProps) {
    super(scope, id);
    const { monthlyBudgetUsd, budgetEmails = [], stopWhenIdle = [], expires } = props;
    const idleAfter = props.idleAfter ?? Duration.hours(1);
    const idlePacketsPerMinute = props.idlePacketsPerMinute ?? 1000;
    this.check({ ...props, idleAfter, idlePacketsPerMinute });
    if (monthlyBudgetUsd !== undefined) {
      monthlyBudget(this, monthlyBudgetUsd, budgetEmails);
    }
    stopWhenIdle.forEach((host, index) => this.stopWhenIdle(`Idle${index + 1}`, host, idleAfter, idlePacketsPerMinute));
    if (expires) {
      this.deleteStack(expires);
    }
  }

  private check(props: CostGuardProps & Required<Pick<CostGuardProps, 'idleAfter' | 'idlePacketsPerMinute'>>): void {
    const { monthlyBudgetUsd, budgetEmails, stopWhenIdle, expires, idleAfter, idlePacketsPerMinute } = props;
    const findings = new Findings();
    findings.check(monthlyBudgetUsd !== undefined || stopWhenIdle !== undefined || expires !== undefined,
      "a cost guard needs 'monthlyBudgetUsd', 'stopWhenIdle' or 'expires'");
    findings.check(monthlyBudgetUsd === undefined || Token.isUnresolved(monthlyBudgetUsd) || monthlyBudgetUsd > 0,
      `'monthlyBudgetUsd' must be more than 0, got ${monthlyBudgetUsd}`);
    findings.check((monthlyBudgetUsd === undefined) === (budgetEmails === undefined),
      "'monthlyBudgetUsd' and 'budgetEmails' go together: a budget that tells nobody keeps nobody from spending");
    if (budgetEmails !== undefined) {
      range(findings, 'budgetEmails', budgetEmails.length, 1, 10, ' in number'); // AWS Budgets' own maximum
      for (const email of budgetEmails) {
        findings.check(Token.isUnresolved(email) || /^[^@\s]+@[^@\s]+$/.test(email), `'budgetEmails' must be mail addresses, got '${email}'`);
      }
    }
    const minutes = minutesOf(idleAfter);
    if (range(findings, 'idleAfter in minutes', minutes, 30, 1440)) {
      findings.check(minutes % PERIOD.toMinutes() === 0, `'idleAfter' must be a multiple of 5 minutes, got ${minutes} minutes`);
    }
    findings.check(Token.isUnresolved(idlePacketsPerMinute) || idlePacketsPerMinute > 0,
      `'idlePacketsPerMinute' must be more than 0, got ${idlePacketsPerMinute}`);
    findings.check(expires === undefined || !Number.isNaN(expires.getTime()), "'expires' must be a date, got one that is none");
    findings.check(expires === undefined || !Stack.of(this).terminationProtection,
      "'expires' cannot delete a stack with termination protection: leave one of them out");
    findings.check(expires === undefined || Stack.of(this).nestedStackParent === undefined,
      "'expires' deletes the stack that the guard is in, and this one is nested: put the guard into the stack around it");
    findings.throwIfAny(this);
  }

  private stopWhenIdle(id: string, host: ILowLatencyInstance, idleAfter: Duration, packetsPerMinute: number): void {
    const minutes = PERIOD.toMinutes();
    new cloudwatch.Alarm(this, id, {
      // Counted by EC2, so that it is true of packets that skip the kernel, too. The CPU tells nothing: it polls.
      metric: new cloudwatch.Metric({
        namespace: 'AWS/EC2',
        metricName: 'NetworkPacketsIn',
        dimensionsMap: { InstanceId: host.instanceId },
        period: PERIOD,
        statistic: cloudwatch.Stats.SUM,
      }).attachTo(host), // of the host's region and account, which must be the alarm's
      alarmDescription: `Stops ${host.node.path} after ${idleAfter.toMinutes()} minutes with fewer than ${packetsPerMinute} packets a minute`,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: packetsPerMinute * minutes,
      evaluationPeriods: idleAfter.toMinutes() / minutes,
      // A host that has just been made, or is stopped, has no packets to count.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new actions.Ec2Action(actions.Ec2InstanceAction.STOP));
  }

  private deleteStack(expires: Date): void {
    const { stackId } = Stack.of(this);
    new scheduler.Schedule(this, 'Expiry', {
      schedule: scheduler.ScheduleExpression.at(expires),
      description: `Deletes ${Stack.of(this).stackName}`,
      target: new targets.Universal({
        service: 'cloudformation',
        action: 'deleteStack',
        input: scheduler.ScheduleTargetInput.fromObject({ StackName: stackId }),
        policyStatements: [new iam.PolicyStatement({ actions: ['cloudformation:DeleteStack'], resources: [stackId] })],
      }),
    });
  }
}

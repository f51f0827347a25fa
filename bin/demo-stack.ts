// SPDX-License-Identifier: Apache-2.0
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { CostGuard, DataPlane, LatencyDashboard, LowLatencyInstance } from '../lib';

const CIDR = '10.0.0.0/16';

/** What keeps a forgotten demo from costing 5,000 USD a month. */
export interface DemoGuard {
  /** Hours without packets after which the host is stopped, 0 = never. */
  readonly idleHours?: number;
  /** Hours after which the stack is deleted, counted from its last deployment; 0 = never. */
  readonly ttlHours?: number;
  readonly budgetUsd?: number;
  readonly budgetEmail?: string;
}

/** One host that receives UDP port 9000 from its VPC, and a dashboard. */
export class DemoStack extends Stack {
  public readonly feed: LowLatencyInstance;

  public constructor(scope: Construct, id: string, dataPlane: string, guard: DemoGuard = {}) {
    super(scope, id);
    // A VPC of its own, so that nothing has to be looked up. One zone: the instance is in one.
    const vpc = new ec2.Vpc(this, 'Vpc', { ipAddresses: ec2.IpAddresses.cidr(CIDR), maxAzs: 1, natGateways: 1 });
    this.feed = new LowLatencyInstance(this, 'Feed', { vpc, dataPlane: DataPlane.fromName(dataPlane) });
    this.feed.connections.allowFrom(ec2.Peer.ipv4(CIDR), ec2.Port.udp(9000));
    new LatencyDashboard(this, 'Dashboard', { instances: [this.feed] });
    this.guardCost(guard);
    this.acknowledgeRules(vpc);
  }

  private guardCost({ idleHours = 1, ttlHours = 0, budgetUsd, budgetEmail }: DemoGuard): void {
    if (idleHours === 0 && ttlHours === 0 && budgetUsd === undefined) {
      return;
    }
    new CostGuard(this, 'CostGuard', {
      stopWhenIdle: idleHours === 0 ? undefined : [this.feed],
      idleAfter: idleHours === 0 ? undefined : Duration.hours(idleHours),
      expires: ttlHours === 0 ? undefined : new Date(Date.now() + Duration.hours(ttlHours).toMilliseconds()),
      monthlyBudgetUsd: budgetUsd,
      budgetEmails: budgetEmail === undefined ? undefined : [budgetEmail],
    });
  }

  /** Rules of cdk-nag's AwsSolutions pack that the demo does not follow, and why. */
  private acknowledgeRules(vpc: ec2.Vpc): void {
    Validations.of(vpc).acknowledge({
      id: 'AwsSolutions::AwsSolutions-VPC7', reason: 'a demo: nobody would read the flow logs, yet they cost per packet flow',
    });
    Validations.of(this.feed).acknowledge(
      { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', reason: 'sessions have no ARN before the host has an id, and metrics have none: theirs is a condition' },
      { id: 'AwsSolutions::AwsSolutions-EC28', reason: 'the rule looks at the instance; the launch template has detailed monitoring on' },
      { id: 'AwsSolutions::AwsSolutions-EC29', reason: 'the host keeps nothing, and replacing it is how it is updated' },
    );
  }
}

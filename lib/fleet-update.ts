// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { secondsOf } from './private/amounts';
import { range } from './private/bounds';
import type { Findings } from './private/fail';
import type { RefreshPreferences } from './private/network-escape';

/** Options of `FleetUpdate.rolling`. */
export interface RollingFleetUpdateOptions {
  /**
   * Hosts replaced at once.
   *
   * @default 1
   */
  readonly maxBatchSize?: number;

  /**
   * Hosts that stay in service meanwhile, fewer than `maxCapacity`. With 0 old hosts end before new ones start, which
   * needs no capacity beyond what there is.
   *
   * @default 0
   */
  readonly minInstancesInService?: number;

  /**
   * How long CloudFormation rests after each batch, up to an hour. It does not look at the batch meanwhile.
   *
   * @default Duration.minutes(15)
   */
  readonly pauseTime?: Duration;
}

/** Options of `FleetUpdate.instanceRefresh`. */
export interface InstanceRefreshOptions {
  /**
   * Percentage of the hosts that stay in service meanwhile, 0 to 100.
   *
   * @default 100
   */
  readonly minHealthyPercentage?: number;

  /**
   * Percentage of the hosts that there may be meanwhile, the new ones included: 100 to 200, and no more than 100 above
   * `minHealthyPercentage`. With 100 hosts end before new ones start, which needs no capacity beyond what there is.
   *
   * @default 110
   */
  readonly maxHealthyPercentage?: number;

  /**
   * How long a new host is given before it counts and the next one is replaced, up to 12 hours. EC2 Auto Scaling does
   * not look at its receiver meanwhile.
   *
   * @default Duration.minutes(15)
   */
  readonly instanceWarmup?: Duration;
}

/** How hosts of a fleet are replaced when their launch template changes. */
export abstract class FleetUpdate {
  /**
   * A new group beside the old one, which goes when every new host that is waited for has proved itself. The old group
   * is left alone if one of them fails. It needs capacity for both.
   *
   * The new group begins with `desiredCapacity`, without one with `minCapacity`, whatever scaling had made of the old one:
   * deploy while the fleet is small, or give `desiredCapacity`.
   */
  public static replace(): FleetUpdate {
    return new Replace();
  }

  /**
   * Hosts of the same group, batch after batch, for fleets whose capacity is not there twice.
   *
   * New hosts prove themselves when all batches are through, not between them. If one fails, the reason is in the
   * stack's events and CloudFormation goes the same way back.
   */
  public static rolling(options: RollingFleetUpdateOptions = {}): FleetUpdate {
    return new Rolling(options);
  }

  /**
   * Hosts of the same group by an instance refresh of EC2 Auto Scaling, new ones before old ones end: for fleets that
   * have capacity for a few more hosts, and not for all of them twice.
   *
   * New hosts prove themselves when all are replaced, not one by one. If one fails, the reason is in the stack's events
   * and CloudFormation refreshes once more, back to what was.
   *
   * A host that boots the newest image of its system (`resolve:ssm` in its launch template) changes with no deployment.
   * To have one replaced by the newest image, begin a refresh by hand:
   * `aws autoscaling start-instance-refresh --auto-scaling-group-name NAME --preferences
   * MinHealthyPercentage=100,MaxHealthyPercentage=110,InstanceWarmup=900,SkipMatching=false`.
   */
  public static instanceRefresh(options: InstanceRefreshOptions = {}): FleetUpdate {
    return new InstanceRefresh(options);
  }

  /** The most hosts there are meanwhile. @internal */
  public abstract _whileUpdating(maxCapacity: number): number;

  /** @internal */
  public abstract _check(maxCapacity: number, findings: Findings): void;

  /** Undefined where the CDK's group has none of that kind. @internal */
  public abstract _policy(): autoscaling.UpdatePolicy | undefined;

  /** What the group has in its place. @internal */
  public _refresh(): RefreshPreferences | undefined {
    return undefined;
  }
}

class Replace extends FleetUpdate {
  public _whileUpdating(maxCapacity: number): number {
    return 2 * maxCapacity;
  }

  public _check(): void {
    // there is nothing to choose
  }

  public _policy(): autoscaling.UpdatePolicy {
    return autoscaling.UpdatePolicy.replacingUpdate();
  }
}

class Rolling extends FleetUpdate {
  private readonly maxBatchSize: number;
  private readonly minInstancesInService: number;
  private readonly pauseTime: Duration;

  public constructor(options: RollingFleetUpdateOptions) {
    super();
    this.maxBatchSize = options.maxBatchSize ?? 1;
    this.minInstancesInService = options.minInstancesInService ?? 0;
    this.pauseTime = options.pauseTime ?? Duration.minutes(15);
  }

  public _whileUpdating(maxCapacity: number): number {
    return maxCapacity; // it ends hosts where there is no room for more
  }

  public _check(maxCapacity: number, findings: Findings): void {
    range(findings, 'maxBatchSize', this.maxBatchSize, 1, maxCapacity);
    if (range(findings, 'minInstancesInService', this.minInstancesInService, 0, 10000)) {
      findings.check(this.minInstancesInService < maxCapacity,
        `'minInstancesInService' must be less than 'maxCapacity' (${maxCapacity}), so that a host can be replaced, `
        + `got ${this.minInstancesInService}`);
    }
    range(findings, 'pauseTime in seconds', secondsOf(this.pauseTime), 0, 3600); // CloudFormation's own maximum
  }

  public _policy(): autoscaling.UpdatePolicy {
    // No signals to the group: hosts signal the wait condition, which alone can carry a reason.
    return autoscaling.UpdatePolicy.rollingUpdate({
      maxBatchSize: this.maxBatchSize,
      minInstancesInService: this.minInstancesInService,
      pauseTime: this.pauseTime,
    });
  }
}

class InstanceRefresh extends FleetUpdate {
  private readonly minHealthyPercentage: number;
  private readonly maxHealthyPercentage: number;
  private readonly instanceWarmup: Duration;

  public constructor(options: InstanceRefreshOptions) {
    super();
    this.minHealthyPercentage = options.minHealthyPercentage ?? 100;
    this.maxHealthyPercentage = options.maxHealthyPercentage ?? 110;
    this.instanceWarmup = options.instanceWarmup ?? Duration.minutes(15);
  }

  public _whileUpdating(maxCapacity: number): number {
    return Math.ceil(maxCapacity * this.maxHealthyPercentage / 100);
  }

  public _check(_: number, findings: Findings): void {
    const { minHealthyPercentage: min, maxHealthyPercentage: max } = this;
    if ([range(findings, 'minHealthyPercentage', min, 0, 100), range(findings, 'maxHealthyPercentage', max, 100, 200)].every(Boolean)) {
      findings.check(max - min <= 100, `'maxHealthyPercentage' must be at most 100 above 'minHealthyPercentage' (${min}), got ${max}`);
    }
    range(findings, 'instanceWarmup in seconds', secondsOf(this.instanceWarmup), 0, 43200); // as long as any host may take to boot
  }

  public _policy(): undefined {
    return undefined;
  }

  public _refresh(): RefreshPreferences {
    return {
      MinHealthyPercentage: this.minHealthyPercentage,
      MaxHealthyPercentage: this.maxHealthyPercentage,
      InstanceWarmup: secondsOf(this.instanceWarmup),
    };
  }
}

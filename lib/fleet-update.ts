// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { range } from './private/bounds';
import type { Findings } from './private/fail';

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

  /** The most hosts there are meanwhile. @internal */
  public abstract _whileUpdating(maxCapacity: number): number;

  /** @internal */
  public abstract _check(maxCapacity: number, findings: Findings): void;

  /** @internal */
  public abstract _policy(): autoscaling.UpdatePolicy;
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
    findings.check(this.minInstancesInService < maxCapacity,
      `'minInstancesInService' must be less than 'maxCapacity' (${maxCapacity}), so that a host can be replaced, `
      + `got ${this.minInstancesInService}`);
    findings.check(Number.isInteger(this.minInstancesInService) && this.minInstancesInService >= 0,
      `'minInstancesInService' must be a whole number of at least 0, got ${this.minInstancesInService}`);
    range(findings, 'pauseTime in seconds', this.pauseTime.toSeconds(), 0, 3600); // CloudFormation's own maximum
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

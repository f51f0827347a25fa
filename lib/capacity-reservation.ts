// SPDX-License-Identifier: Apache-2.0
import type { ReservationTarget, ReservingHosts } from './private/network-escape';
import { reserveCapacity } from './private/network-escape';
import { checkArn, checkId } from './private/resource-id';

const RESOURCE_GROUP = /^arn:[\w-]+:resource-groups:[\w-]+:\d{12}:group\/[\w.-]+$/;

/** Options of `CapacityReservation.of`. */
export interface CapacityReservationOptions {
  /**
   * Instances to reserve. EC2 charges for them from the start, used or not.
   *
   * @default - the most hosts there can be
   */
  readonly instanceCount?: number;
}

/** Capacity that is set aside for the hosts, so that they start when they must. */
export abstract class CapacityReservation {
  /** A reservation of its own, next to the hosts: in their placement group and for nobody else. */
  public static of(options: CapacityReservationOptions = {}): CapacityReservation {
    return new NewReservation(options.instanceCount);
  }

  /** A reservation that there is. It must be for the hosts' instance type, zone and placement group. */
  public static fromCapacityReservationId(capacityReservationId: string): CapacityReservation {
    return new ExistingReservation({ CapacityReservationId: capacityReservationId });
  }

  /** A resource group of reservations. */
  public static fromResourceGroupArn(resourceGroupArn: string): CapacityReservation {
    return new ExistingReservation({ CapacityReservationResourceGroupArn: resourceGroupArn });
  }

  /** Instances that are reserved for these hosts, undefined where somebody else says. @internal */
  public abstract _instanceCount(mostHosts: number): number | undefined;

  /** @internal */
  public abstract _bind(hosts: ReservingHosts): ReservationTarget;
}

class NewReservation extends CapacityReservation {
  public constructor(private readonly instanceCount?: number) {
    super();
  }

  public _instanceCount(mostHosts: number): number {
    return this.instanceCount ?? mostHosts;
  }

  public _bind(hosts: ReservingHosts): ReservationTarget {
    return { CapacityReservationId: reserveCapacity(hosts) };
  }
}

class ExistingReservation extends CapacityReservation {
  public constructor(private readonly target: ReservationTarget) {
    super();
  }

  public _instanceCount(): undefined {
    return undefined;
  }

  public _bind({ scope }: ReservingHosts): ReservationTarget {
    const { CapacityReservationId: id, CapacityReservationResourceGroupArn: arn } = this.target;
    checkId(scope, 'capacityReservationId', 'cr', id);
    if (arn !== undefined) {
      checkArn(scope, 'resourceGroupArn', arn, RESOURCE_GROUP, 'arn:aws:resource-groups:us-east-1:123456789012:group/feeds');
    }
    return this.target;
  }
}

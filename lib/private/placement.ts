// SPDX-License-Identifier: Apache-2.0
import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Findings } from './fail';
import { untagged } from './tag-escape';

/** A group for hosts beside each other. It has no tags: with others it would be another group, and the hosts in it others. */
export function clusterPlacementGroup(scope: Construct): ec2.PlacementGroup {
  const group = new ec2.PlacementGroup(scope, 'PlacementGroup', { strategy: ec2.PlacementGroupStrategy.CLUSTER });
  untagged(group);
  return group;
}

const MOST_SPREAD = 7; // instances of a spread group in one Availability Zone

export interface PlacedHosts {
  readonly reserve: boolean;
  /** The most there are. */
  readonly most: number;
  /** The most there are while they are replaced. */
  readonly whileUpdating: number;
}

/** What EC2 takes into a group of the user's; one that is imported by its name has a strategy that nobody knows here. */
export function checkPlacement(scope: Construct, { strategy, spreadLevel }: ec2.IPlacementGroup, hosts: PlacedHosts): void {
  const findings = new Findings();
  findings.check(!hosts.reserve || strategy === undefined || strategy === ec2.PlacementGroupStrategy.CLUSTER,
    `'placementGroup' must have the strategy cluster with a 'capacityReservation', which other groups do not take, got ${strategy}`);
  if (strategy === ec2.PlacementGroupStrategy.SPREAD && spreadLevel !== ec2.PlacementGroupSpreadLevel.HOST) { // hosts: an Outpost's own
    const isSmall = findings.check(hosts.most <= MOST_SPREAD,
      `'placementGroup' spreads at most ${MOST_SPREAD} hosts in an Availability Zone, got ${hosts.most}; take one with the strategy partition or cluster`);
    if (isSmall && hosts.whileUpdating > MOST_SPREAD) {
      Annotations.of(scope).addWarningV2('cdk-kernel-bypass:spreadUpdate', `a change that replaces hosts needs ${hosts.whileUpdating} instances for `
        + `a while, and 'placementGroup' spreads at most ${MOST_SPREAD}: let the fleet take FleetUpdate.rolling()`);
    }
  }
  findings.throwIfAny(scope);
}

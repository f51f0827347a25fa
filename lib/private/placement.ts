// SPDX-License-Identifier: Apache-2.0
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { untagged } from './tag-escape';

/** A group for hosts beside each other. It has no tags: with others it would be another group, and the hosts in it others. */
export function clusterPlacementGroup(scope: Construct): ec2.PlacementGroup {
  const group = new ec2.PlacementGroup(scope, 'PlacementGroup', { strategy: ec2.PlacementGroupStrategy.CLUSTER });
  untagged(group);
  return group;
}

// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '@aws-sdk/client-ec2';
import { ec2Sdk } from './sdk';
import { Session } from './session';
import { Launch } from './target';

/** Subnet ids of a launch, one for each ENI that names one. */
export function subnetIds(launch: Launch): string[] {
  const ids = (launch.NetworkInterfaces ?? []).map(({ SubnetId }) => SubnetId);
  return [launch.SubnetId, ...ids].filter((id) => id !== undefined);
}

export async function describeSubnets(session: Session, launch: Launch): Promise<Subnet[]> {
  const ids = [...new Set(subnetIds(launch))];
  if (ids.length === 0) {
    return [];
  }
  const { DescribeSubnetsCommand } = ec2Sdk();
  return (await session.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ids }))).Subnets ?? [];
}

/** The zone the subnets put the instance in; undefined when the launch names none. */
export async function zoneOfSubnets(session: Session, launch: Launch): Promise<string | undefined> {
  return (await describeSubnets(session, launch))[0]?.AvailabilityZone;
}

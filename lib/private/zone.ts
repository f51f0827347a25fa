// SPDX-License-Identifier: Apache-2.0
import type * as ec2 from 'aws-cdk-lib/aws-ec2';

/** The zones of two subnets where they surely differ, in words. */
export function differentZones(a: ec2.ISubnet, b: ec2.ISubnet): readonly [string, string] | undefined {
  const [x, y] = [zoneOf(a), zoneOf(b)];
  // A name and a number may well be one zone: only like is compared with like.
  return x && y && x.isNumbered === y.isNumbered && x.text !== y.text ? [x.text, y.text] : undefined;
}

/** A zone as far as synth knows it: by its name, or in a stack for any region as one of the region's. */
function zoneOf(subnet: ec2.ISubnet): { readonly text: string; readonly isNumbered: boolean } | undefined {
  let zone: unknown;
  try {
    zone = subnet.stack.resolve(subnet.availabilityZone);
  } catch { // an imported subnet may not know, or know a list that deployment gives
    return undefined;
  }
  if (typeof zone === 'string') {
    return { text: zone, isNumbered: false };
  }
  const [, number] = /^\{"Fn::Select":\[(\d+),\{"Fn::GetAZs":""\}\]\}$/.exec(JSON.stringify(zone)) ?? [];
  return number === undefined ? undefined : { text: `zone ${number} of the region`, isNumbered: true };
}

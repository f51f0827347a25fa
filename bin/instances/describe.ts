// SPDX-License-Identifier: Apache-2.0
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { CommandError } from '../commands/command-error';
import { explainAwsError } from '../preflight/aws-error';
import { ec2Sdk } from '../preflight/sdk';
import { FAMILIES } from './families';

/** Asks EC2 about every type of the families in the table, also those the region does not have. */
export async function describeInstanceTypes(region: string): Promise<InstanceTypeInfo[]> {
  const { EC2Client, paginateDescribeInstanceTypes } = ec2Sdk();
  const client = new EC2Client({ region });
  const query = {
    IncludeUnsupportedInRegion: true,
    Filters: [{ Name: 'instance-type', Values: [...FAMILIES.keys()].map((family) => `${family}.*`) }],
  };
  const types: InstanceTypeInfo[] = [];
  try {
    for await (const page of paginateDescribeInstanceTypes({ client }, query)) {
      types.push(...(page.InstanceTypes ?? []));
    }
  } catch (error) {
    throw CommandError.retry(explainAwsError(error));
  } finally {
    client.destroy();
  }
  return types;
}

/** Reads what `aws ec2 describe-instance-types --output json` wrote. */
export function parseInstanceTypes(text: string, file: string): InstanceTypeInfo[] {
  let value: { InstanceTypes?: InstanceTypeInfo[] } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw CommandError.usage(`'${file}' is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(value?.InstanceTypes)) {
    throw CommandError.usage(`'${file}' must be an answer of 'aws ec2 describe-instance-types': it has no InstanceTypes`);
  }
  return value.InstanceTypes;
}

// SPDX-License-Identifier: Apache-2.0
import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { INSTANCE_PRICE_DATE, INSTANCE_TABLE } from './instance-table';

const HOURS_PER_MONTH = 730; // a twelfth of a year, as AWS's own calculator has it

/** Tells the user what the instances will cost; nothing for types whose price is not known. */
export function estimateCost(scope: Construct, instanceType: string, atLeast: number, atMost: number): void {
  const usdPerHour = INSTANCE_TABLE.find(([type]) => type === instanceType)?.[10] ?? 0;
  if (usdPerHour === 0) {
    return;
  }
  const monthly = (count: number) => Math.round(count * usdPerHour * HOURS_PER_MONTH).toLocaleString('en-US');
  const [count, cost] = atLeast === atMost
    ? [`${atMost}`, monthly(atMost)]
    : [`${atLeast} to ${atMost}`, `${monthly(atLeast)} to ${monthly(atMost)}`];
  Annotations.of(scope).addInfoV2('cdk-kernel-bypass:costEstimate',
    `${count} x ${instanceType} running all month: about ${cost} USD (${usdPerHour} USD an hour on demand in us-east-1, `
    + `price of ${INSTANCE_PRICE_DATE}; volumes and traffic come on top)`);
}

// SPDX-License-Identifier: Apache-2.0
import type { Duration, Size, SizeRoundingBehavior } from 'aws-cdk-lib';

/*
 * Amounts as numbers, for checks that name the property: the CDK's own conversions throw at tokens and fractions without
 * saying whose they are. Like the checks it needs no CDK at run time.
 */

/** In place of an amount that only deployment knows. */
export const TOKEN_AMOUNT = -Infinity;

const UNROUNDED: SizeRoundingBehavior.NONE = 2;

export function secondsOf(duration: Duration): number {
  return duration.isUnresolved() ? TOKEN_AMOUNT : duration.toSeconds({ integral: false });
}

export function minutesOf(duration: Duration): number {
  return duration.isUnresolved() ? TOKEN_AMOUNT : duration.toMinutes({ integral: false });
}

export function kibibytesOf(size: Size): number {
  return size.isUnresolved() ? TOKEN_AMOUNT : size.toKibibytes({ rounding: UNROUNDED });
}

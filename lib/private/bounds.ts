// SPDX-License-Identifier: Apache-2.0
import type { Findings } from './fail';

// The CDK's numbers for what only deployment knows are below it, and nobody means a number there.
const TOKEN = -1e280;

/** Adds a finding unless the value is an integer within the bounds. */
export function range(findings: Findings, name: string, value: number, min: number, max: number, on = ''): boolean {
  const allowed = min === max ? `${min}` : `between ${min} and ${max}`;
  if (value < TOKEN) {
    findings.add(`'${name.replace(/ in .*/, '')}' must be known at synth, got a token`);
    return false;
  }
  return findings.check(Number.isInteger(value) && value >= min && value <= max,
    `'${name}' must be ${allowed}${on}, got ${value}`);
}

export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
}

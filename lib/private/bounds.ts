// SPDX-License-Identifier: Apache-2.0
import type { Findings } from './fail';

/** Adds a finding unless the value is an integer within the bounds. */
export function range(findings: Findings, name: string, value: number, min: number, max: number, on = ''): boolean {
  const allowed = min === max ? `${min}` : `between ${min} and ${max}`;
  return findings.check(Number.isInteger(value) && value >= min && value <= max,
    `'${name}' must be ${allowed}${on}, got ${value}`);
}

export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
}

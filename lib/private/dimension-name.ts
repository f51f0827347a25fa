// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

// include/kb/config.h keeps names in 128 bytes, the last of which ends the string.
export const MAX_NAME = 127;

/** The metric dimension `Name` of a construct path: `Demo/Feed` becomes `Demo-Feed`. */
export function dimensionName(constructPath: string): string {
  const name = constructPath.replace(/[^A-Za-z0-9._-]+/g, '-');
  if (name.length <= MAX_NAME) {
    return name;
  }
  const hash = createHash('sha256').update(constructPath).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME - 9)}-${hash}`;
}

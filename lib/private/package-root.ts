// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';

/** The folder of this package: sources are compiled in place, so lib/private is two below it, installed or not. */
export function packageRoot(): string {
  return path.resolve(__dirname, '..', '..');
}

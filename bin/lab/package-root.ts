// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';

/** The folder of this package, from bin/lab/ of a clone or of an installed package. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..');

// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { fail } from './fail';

/** EBS's own bounds of gp3; the images need 8 GiB. */
export function checkVolume(scope: Construct, size?: cdk.Size): void {
  if (size && !size.isUnresolved()) {
    const gibibytes = size.toGibibytes({ rounding: cdk.SizeRoundingBehavior.NONE });
    if (!(Number.isInteger(gibibytes) && gibibytes >= 8 && gibibytes <= 65_536)) {
      fail(scope, `'rootVolumeSize' must be a whole number between 8 and 65536 GiB, got ${gibibytes} GiB`);
    }
  }
}

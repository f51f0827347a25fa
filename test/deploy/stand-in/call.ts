// SPDX-License-Identifier: Apache-2.0

/** A request that was answered. */
export interface Call {
  readonly service: string;
  /** An action, or S3's method and address. */
  readonly action: string;
  /** The role whose keys signed it, or the instance it came from. */
  readonly caller: string;
  readonly status: number;
}

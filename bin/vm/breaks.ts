// SPDX-License-Identifier: Apache-2.0
import { Faults } from './job';
import { VmPlane } from './plane';

/** One thing that goes wrong with a deployment, and what the stack must then be told. */
export interface Break {
  readonly what: string;
  /** The plane it is shown on. */
  readonly plane: VmPlane;
  readonly iommu?: boolean;
  /** What the stack is synthesised with. */
  readonly context?: Readonly<Record<string, string>>;
  /** Needs an image on which the install step has work to do. */
  readonly fromScratch?: boolean;
  readonly faults?: Faults;
  /** Who fails, what was seen and what to do: all of it must be in the reason. */
  readonly reason: RegExp;
}

/** Every way to fail that a host must survive with one clear word to the stack. */
export const BREAKS: Readonly<Record<string, Break>> = {
  'asset-hash': {
    what: 'the asset is not the one the stack was synthesised with',
    plane: 'kernel',
    faults: { asset: 'tampered' },
    reason: /bootstrap: could not trust https:\/\/.*SHA-256 is not/,
  },
  'asset-unreachable': {
    what: 'S3 does not give the asset out',
    plane: 'kernel',
    faults: { asset: 'unreachable' },
    reason: /bootstrap: could not fetch https:\/\/.*503/,
  },
};

// SPDX-License-Identifier: Apache-2.0

/** A moment at which the power goes away. */
export interface PowerCut {
  readonly what: string;
  readonly fromScratch: boolean;
  /** What the console shows then. */
  readonly at: string;
}

export const POWER_CUTS: Readonly<Record<string, PowerCut>> = {
  install: {
    what: 'while packages are being unpacked',
    fromScratch: true,
    at: ': Unpacking ',
  },
  reboot: {
    what: 'between the new boot configuration and the reboot for it',
    fromScratch: false,
    at: 'wrote /etc/default/grub.d/90-kb.cfg',
  },
};

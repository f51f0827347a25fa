// SPDX-License-Identifier: Apache-2.0

/** How an ENA hashes a datagram depends on who drives it. The differences are those of AWS's own hash calculator. */
export enum RssHash {
  /** The Linux driver, 2.6 or newer: data planes kernel, xdp and afxdp. The card reads the key backwards. */
  LINUX = 'linux',

  /** The DPDK driver: the hash of the RSS specification. */
  DPDK = 'dpdk',

  /** A card whose key cannot be changed (before Nitro v4, but for the network-optimised families of v3). */
  FIXED_KEY = 'fixed-key',
}

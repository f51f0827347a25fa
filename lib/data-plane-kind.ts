// SPDX-License-Identifier: Apache-2.0

/** How packets leave the NIC. */
export enum DataPlaneKind {
  /** Tuned kernel sockets. */
  KERNEL = 'kernel',
  /** Kernel sockets behind an XDP filter. */
  XDP = 'xdp',
  /** AF_XDP sockets, zero-copy where the driver can. */
  AF_XDP = 'afxdp',
  /** A DPDK poll-mode driver in user space. */
  DPDK = 'dpdk',
}

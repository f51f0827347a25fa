// SPDX-License-Identifier: Apache-2.0

/** The data planes a machine can be deployed with. */
export const VM_PLANES = ['kernel', 'xdp', 'afxdp', 'dpdk'] as const;
export type VmPlane = typeof VM_PLANES[number];

// SPDX-License-Identifier: Apache-2.0

/** What carries the packets of a lab run. */
export type Wire = 'veth' | 'memif';

/** A lab run: one data plane, received over one wire. */
export interface LabPlane {
  /** What `--planes` takes. */
  readonly name: string;
  /** The data plane of the synthesised plan (`-c dataPlane=`). */
  readonly plane: string;
  readonly wire: Wire;
  readonly receiver: 'kb-kernel' | 'kb-afxdp' | 'kb-dpdk';
  /** The receiver stands behind the XDP filter, which `kb-xdp` attaches first. */
  readonly filter: boolean;
  /** The receiver (and, on memif, the sender) takes its memory from huge pages. */
  readonly hugePages: boolean;
  readonly what: string;
}

/** Every plane of the library runs here at least once; the order is the order of the runs. */
export const LAB_PLANES: readonly LabPlane[] = [
  {
    name: 'kernel', plane: 'kernel', wire: 'veth', receiver: 'kb-kernel', filter: false, hugePages: false,
    what: 'tuned kernel sockets over veth',
  },
  {
    name: 'xdp', plane: 'xdp', wire: 'veth', receiver: 'kb-kernel', filter: true, hugePages: false,
    what: 'kernel sockets behind the XDP filter, over veth',
  },
  {
    name: 'afxdp', plane: 'afxdp', wire: 'veth', receiver: 'kb-afxdp', filter: false, hugePages: false,
    what: 'AF_XDP sockets over veth',
  },
  {
    name: 'dpdk', plane: 'dpdk', wire: 'veth', receiver: 'kb-dpdk', filter: false, hugePages: true,
    what: 'DPDK over the same veth, through one of its software drivers',
  },
  {
    name: 'dpdk-memif', plane: 'dpdk', wire: 'memif', receiver: 'kb-dpdk', filter: false, hugePages: true,
    what: 'DPDK at both ends of shared memory: no kernel in the path',
  },
];

// SPDX-License-Identifier: Apache-2.0
import { RECEIVER, SENDER, PREFIX_LENGTH } from '../lab/network';
import { Plan } from '../lab/plan';
import { HugePages } from '../lab/huge-pages';
import { BenchContext } from './context';
import { Target } from './finding';

/** A capture that net_pcap plays in a loop, and what its length means. */
interface CaptureSize {
  readonly frames: number;
  readonly target?: Target;
  readonly note: string;
}

/**
 * net_pcap copies each frame out of a buffer of its own. A NIC writes frames into memory, at best
 * into the shared cache; the long capture is read from there too, as it does not fit a core's own
 * cache. With the short one the driver does next to nothing, which no real driver can.
 */
export const CAPTURES: readonly CaptureSize[] = [
  { frames: 16_384, target: { atLeast: 0.9 }, note: 'frames come out of the shared cache, as from a NIC' },
  { frames: 1_000, note: 'frames come out of the core\'s own cache: the driver costs next to nothing, so this is ours alone' },
];

/** Packets a poll may return, on both sides: what a plan says unless it is told otherwise. */
export const BURST = 64;

/** What net_pcap keeps for its loop, and as much as the receiver has in its hands. */
export const MBUFS = 24_576;
export const PCAP_HUGE_PAGE_MB = 100;

export function pcapEal(file: string, lcores: string): string {
  return `--lcores=${lcores} --no-pci --in-memory --no-telemetry -m ${PCAP_HUGE_PAGE_MB} --vdev=net_pcap0,rx_pcap=${file},infinite_rx=1`;
}

/** A receiver's plan for a port that plays `file`; what it sends is dropped by the driver. */
export function pcapPlan(bench: BenchContext, file: string): Plan {
  return {
    KB_PLANE: 'dpdk', KB_FRAMES: String(MBUFS), KB_MTU: '1500', KB_BURST: String(BURST),
    KB_DATA_IP: RECEIVER.address, KB_DATA_PREFIX: String(PREFIX_LENGTH), KB_GATEWAY_IP: SENDER.address, KB_GATEWAY_MAC: SENDER.mac,
    KB_EAL_ARGS: pcapEal(file, `0@${bench.cores.housekeeping}`),
  };
}

/** Raises the machine's huge pages for the time of the bench, where they do not suffice. */
export function provideMemory(bench: BenchContext, megabytes: number): void {
  const pages = HugePages.ofDefaultSize();
  const needed = Math.ceil((megabytes * 1024) / pages.sizeKb);
  if (pages.free < needed) {
    bench.folder.provideHugePages(needed);
  }
}

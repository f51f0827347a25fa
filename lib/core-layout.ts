// SPDX-License-Identifier: Apache-2.0
import type { CoreChoice } from './private/host-plan';

/** Options of `CoreLayout.auto`. */
export interface AutoCoreLayoutOptions {
  /**
   * NUMA node of the receive cores. The host checks that the data NIC sits on the same node.
   *
   * @default - the node with the network card's number, or the last one
   */
  readonly numaNode?: number;

  /**
   * CPUs kept for the operating system, interrupts and the receiver's main thread.
   *
   * @default - 2, or 1 on instances with fewer than 8 CPUs
   */
  readonly housekeepingCount?: number;
}

/** CPU lists of `CoreLayout.of`, in the kernel's notation: `0-1,4`. */
export interface CoreLists {
  /** CPUs of the receive threads, one per queue. */
  readonly receive: string;

  /** CPUs for everything else. */
  readonly housekeeping: string;

  /**
   * CPUs that the scheduler, timer ticks and RCU leave alone.
   *
   * @default - the receive CPUs
   */
  readonly isolated?: string;
}

/** Which CPUs do what. */
export class CoreLayout {
  /** Housekeeping on the first CPUs, receive threads on the first free ones of the data NIC's NUMA node. */
  public static auto(options: AutoCoreLayoutOptions = {}): CoreLayout {
    return new CoreLayout({ ...options });
  }

  /** Your own lists. */
  public static of(lists: CoreLists): CoreLayout {
    return new CoreLayout({ lists });
  }

  private constructor(private readonly choice: CoreChoice) {}

  /** @internal */
  public _bind(): CoreChoice {
    return this.choice;
  }
}

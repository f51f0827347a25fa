// SPDX-License-Identifier: Apache-2.0
import type { TuningChoice } from './private/host-plan';

/** Size of a huge page. */
export enum HugePageSize {
  /** 2 MiB: can be reserved while the host runs. */
  MIB_2 = '2MiB',
  /** 1 GiB: reserved on the kernel's command line. */
  GIB_1 = '1GiB',
}

/** Options of `HostTuning.custom`: what you leave out is as in `HostTuning.lowLatency()`. */
export interface HostTuningOptions {
  /**
   * Take the isolated CPUs away from the scheduler, timer ticks and RCU.
   *
   * @default true
   */
  readonly isolateCores?: boolean;

  /**
   * Keep CPUs out of deep sleep states.
   *
   * @default true
   */
  readonly limitCStates?: boolean;

  /**
   * Kernel arguments in addition to those that follow from the other options.
   *
   * @default - none
   */
  readonly kernelArguments?: string[];

  /**
   * Kernel settings (sysctl), in addition to ours; a key given here wins.
   *
   * @default - none
   */
  readonly sysctls?: Record<string, string>;

  /**
   * Size of the huge pages DPDK gets its memory from.
   *
   * @default HugePageSize.MIB_2
   */
  readonly hugePageSize?: HugePageSize;

  /**
   * Huge pages to reserve on each NUMA node.
   *
   * @default - for DPDK 2 GiB, or half more than the receiver's buffers need; none for other data planes
   */
  readonly hugePagesPerNode?: number;

  /**
   * Interrupt moderation of the data ENI, in microseconds; -1 leaves it as the driver set it (20 for ENA).
   *
   * @default 0
   */
  readonly interruptModerationMicros?: number;

  /**
   * The longest interruption an isolated CPU may show before the host reports ready, in microseconds; 0 = no gate.
   *
   * @default 100
   */
  readonly maxJitterMicros?: number;

  /**
   * How long interruptions are measured before the host reports ready, in seconds.
   *
   * @default 5
   */
  readonly jitterSeconds?: number;
}

/** What is changed about the host: CPU isolation, sleep states, interrupts, huge pages, kernel settings. */
export class HostTuning {
  /** Everything that is known to lower latency and its tail. */
  public static lowLatency(): HostTuning {
    return HostTuning.custom({});
  }

  /** The system as it comes; the control group of a measurement. DPDK still gets its huge pages. */
  public static none(): HostTuning {
    return new HostTuning({
      isolateCores: false, limitCStates: false, interruptModerationMicros: -1, maxJitterMicros: 0, jitterSeconds: 0,
      ownSettings: false,
    });
  }

  /** Low latency, but for the given differences. */
  public static custom(options: HostTuningOptions): HostTuning {
    return new HostTuning({ ...options, ownSettings: true });
  }

  private constructor(private readonly choice: TuningChoice) {}

  /** @internal */
  public _bind(): TuningChoice {
    return this.choice;
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Size } from 'aws-cdk-lib';
import { DataPlaneKind } from './data-plane-kind';
import { PacketHandler } from './packet-handler';
import { advise, ONLOAD_ALTERNATIVES, ONLOAD_REFUSAL } from './private/advice';
import { kibibytesOf } from './private/amounts';
import type { PlaneChoice } from './private/host-plan';
import type { Recommendation, RecommendationProps } from './recommendation';
import { UdpFlow } from './udp-flow';

/** How an idle queue waits for packets. */
export enum PollMode {
  /** Never sleeps: lowest latency, one CPU at 100 %. */
  SPIN = 'spin',
  /** Never sleeps, and has the kernel poll the driver on its behalf instead of raising interrupts. */
  BUSY_POLL = 'busy-poll',
  /** Sleeps until the kernel wakes it: least CPU, a wake-up more latency. */
  WAKEUP = 'wakeup',
}

/** Where an XDP program runs. */
export enum XdpMode {
  /** In the driver, before a socket buffer exists. */
  NATIVE = 'native',
  /** In the network stack: works on any interface, gains little. */
  GENERIC = 'generic',
}

/** What an XDP program does with frames that belong to no flow. */
export enum UnmatchedPolicy {
  /** Hands them to the kernel. */
  PASS = 'pass',
  /** Drops them; they are counted as `filter_denied`. ARP always passes. */
  DROP = 'drop',
}

/** The driver that gives the data ENI to user space. */
export enum NicDriver {
  /** vfio-pci where there is an IOMMU, else igb_uio with write-combining, else vfio without IOMMU. */
  AUTO = 'auto',
  /** vfio-pci behind an IOMMU: metal instances only. */
  VFIO_PCI = 'vfio-pci',
  /** igb_uio with write-combining, built on the host. */
  IGB_UIO = 'igb_uio',
  /** The kernel's own UIO driver; without interrupts. */
  UIO_PCI_GENERIC = 'uio_pci_generic',
  /** vfio-pci in its no-IOMMU mode; without write-combining. */
  VFIO_NOIOMMU = 'vfio-noiommu',
}

/** Options of every data plane. */
export interface DataPlaneOptions {
  /**
   * What happens to each datagram.
   *
   * @default PacketHandler.count()
   */
  readonly handler?: PacketHandler;

  /**
   * What to receive, 1 to 64 flows.
   *
   * @default - UDP port 9000, the one `kb-gen` and the lab send to
   */
  readonly flows?: UdpFlow[];

  /**
   * RX queues in use, each with a receive thread on a CPU of its own.
   *
   * RSS spreads flows over queues by a hash of addresses and ports, so that one flow is always on one queue: more
   * queues help with many flows only.
   *
   * @default 1
   */
  readonly queues?: number;

  /**
   * RX descriptors per queue, a power of two between 128 and 16384: how many packets the NIC can hold while the
   * receiver is busy.
   *
   * @default - 4096: 40 ms of 100,000 packets/s
   */
  readonly rxRing?: number;

  /**
   * TX descriptors per queue, a power of two between 128 and 1024.
   *
   * @default - 512: what ENA's large LLQ headers leave
   */
  readonly txRing?: number;

  /**
   * Most packets taken from a queue at once, 1 to 256, and with AF_XDP and DPDK no more than `rxRing`.
   *
   * @default 64
   */
  readonly burst?: number;

  /**
   * How an idle queue waits.
   *
   * @default - PollMode.BUSY_POLL for AF_XDP, else PollMode.SPIN
   */
  readonly pollMode?: PollMode;
}

/** Options of `DataPlane.kernel`. */
export interface KernelDataPlaneOptions extends DataPlaneOptions {
  /**
   * Receive buffer of the sockets.
   *
   * @default - 16 MiB, about 20,000 small datagrams
   */
  readonly socketBuffer?: Size;

  /**
   * Microseconds a socket polls the driver before it gives up (SO_BUSY_POLL); 0 = off.
   *
   * @default 50
   */
  readonly busyPollMicros?: number;
}

/** Options of `DataPlane.xdp`. */
export interface XdpDataPlaneOptions extends KernelDataPlaneOptions {
  /**
   * What the filter does with frames of no flow.
   *
   * @default UnmatchedPolicy.PASS
   */
  readonly unmatched?: UnmatchedPolicy;

  /**
   * Where the filter runs.
   *
   * @default XdpMode.NATIVE
   */
  readonly xdpMode?: XdpMode;

  /**
   * libxdp to use: `1.6.3`, built from source, or `distro` on systems that package it.
   *
   * @default - 1.6.3 on Amazon Linux 2023, which packages none; else the distribution's
   */
  readonly libxdpVersion?: string;
}

/** Options of `DataPlane.afXdp`. */
export interface AfXdpDataPlaneOptions extends DataPlaneOptions {
  /**
   * Fail the deployment when the driver gives the sockets copies instead of its own buffers.
   *
   * @default - true with the native XDP mode on Amazon Linux 2023, whose ENA driver has zero-copy; else false
   */
  readonly requireZeroCopy?: boolean;

  /**
   * What the XDP program does with frames of no flow.
   *
   * @default UnmatchedPolicy.PASS
   */
  readonly unmatched?: UnmatchedPolicy;

  /**
   * Where the XDP program runs.
   *
   * @default XdpMode.NATIVE
   */
  readonly xdpMode?: XdpMode;

  /**
   * 4096-byte frames of umem per queue, a power of two: at least twice `rxRing`, and one for every descriptor.
   *
   * @default - the fewest: 8192 with the rings' defaults
   */
  readonly framesPerQueue?: number;

  /**
   * Microseconds the kernel polls the driver per call in `PollMode.BUSY_POLL`.
   *
   * @default 20
   */
  readonly busyPollMicros?: number;

  /**
   * libxdp to use: `1.6.3`, built from source, or `distro` on systems that package it.
   *
   * @default - 1.6.3 on Amazon Linux 2023, which packages none; else the distribution's
   */
  readonly libxdpVersion?: string;
}

/** Options of `DataPlane.dpdk`. */
export interface DpdkDataPlaneOptions extends DataPlaneOptions {
  /**
   * The driver that gives the data ENI to user space.
   *
   * @default NicDriver.AUTO
   */
  readonly nicDriver?: NicDriver;

  /**
   * DPDK to use: `25.11.4`, built from source, or `distro` on systems that package it: not on Amazon Linux 2023.
   *
   * @default '25.11.4'
   */
  readonly dpdkVersion?: string;

  /**
   * Packet buffers (mbufs) per queue, a power of two: at least twice `rxRing`, and enough for `rxRing`, three times
   * `txRing`, two bursts and 256 more.
   *
   * @default - the fewest: 8192 with the rings' defaults
   */
  readonly mbufsPerQueue?: number;
}

/** How packets get from the NIC to the handler. */
export abstract class DataPlane {
  /** Tuned kernel sockets: the simplest, and the control group of every measurement. */
  public static kernel(options: KernelDataPlaneOptions = {}): DataPlane {
    return new KernelDataPlane(options);
  }

  /** Kernel sockets behind an XDP program that filters in the driver. */
  public static xdp(options: XdpDataPlaneOptions = {}): DataPlane {
    return new XdpDataPlane(options);
  }

  /** AF_XDP sockets: the driver's buffers shared with the receiver, the NIC still the kernel's. */
  public static afXdp(options: AfXdpDataPlaneOptions = {}): DataPlane {
    return new AfXdpDataPlane(options);
  }

  /** DPDK: the NIC belongs to the receiver. */
  public static dpdk(options: DpdkDataPlaneOptions = {}): DataPlane {
    return new DpdkDataPlane(options);
  }

  /**
   * The data plane of a name, for apps that take it from their context.
   *
   * @param name `kernel`, `xdp`, `afxdp` or `dpdk`
   */
  public static fromName(name: string, options: DataPlaneOptions = {}): DataPlane {
    switch (name) {
      case 'kernel': return DataPlane.kernel(options);
      case 'xdp': return DataPlane.xdp(options);
      case 'afxdp': return DataPlane.afXdp(options);
      case 'dpdk': return DataPlane.dpdk(options);
      case 'onload':
        throw new Error(`${ONLOAD_REFUSAL}; ${ONLOAD_ALTERNATIVES}`);
      default:
        throw new Error(`'dataPlane' must be one of kernel, xdp, afxdp or dpdk, got '${name}'`);
    }
  }

  /** Which data plane suits a packet rate, a latency target and special requirements, and why. */
  public static recommend(props: RecommendationProps): Recommendation {
    return advise(props);
  }

  protected constructor(
    /** Which data plane this is. */
    public readonly kind: DataPlaneKind,
    /** What happens to each datagram. */
    public readonly handler: PacketHandler,
    private readonly options: DataPlaneOptions,
  ) {}

  /** The same data plane for other flows. @internal */
  public abstract _withFlows(flows: UdpFlow[]): DataPlane;

  /** @internal */
  public _hasFlows(): boolean {
    return this.options.flows !== undefined;
  }

  /** @internal */
  public _bind(): PlaneChoice {
    const { flows, queues, rxRing, txRing, burst, pollMode } = this.options;
    return {
      plane: this.kind,
      flows: (flows ?? [UdpFlow.port(9000)])
        .map(flow => ({ address: flow.destinationAddress, port: flow.destinationPort })),
      handler: this.handler._bind(),
      queues,
      rxRing,
      txRing,
      burst,
      pollMode,
      ...this._own(),
    };
  }

  /** @internal */
  protected abstract _own(): Partial<PlaneChoice>;
}

class KernelDataPlane extends DataPlane {
  public constructor(private readonly own: KernelDataPlaneOptions) {
    super(DataPlaneKind.KERNEL, own.handler ?? PacketHandler.count(), own);
  }

  public _withFlows(flows: UdpFlow[]): DataPlane {
    return new KernelDataPlane({ ...this.own, flows });
  }

  protected _own(): Partial<PlaneChoice> {
    const { socketBuffer, busyPollMicros } = this.own;
    return { socketBufferKiB: socketBuffer && kibibytesOf(socketBuffer), busyPollMicros };
  }
}

class XdpDataPlane extends DataPlane {
  public constructor(private readonly own: XdpDataPlaneOptions) {
    super(DataPlaneKind.XDP, own.handler ?? PacketHandler.count(), own);
  }

  public _withFlows(flows: UdpFlow[]): DataPlane {
    return new XdpDataPlane({ ...this.own, flows });
  }

  protected _own(): Partial<PlaneChoice> {
    const { socketBuffer, busyPollMicros, unmatched, xdpMode, libxdpVersion } = this.own;
    return { socketBufferKiB: socketBuffer && kibibytesOf(socketBuffer), busyPollMicros, unmatched, xdpMode, libxdpVersion };
  }
}

class AfXdpDataPlane extends DataPlane {
  public constructor(private readonly own: AfXdpDataPlaneOptions) {
    super(DataPlaneKind.AF_XDP, own.handler ?? PacketHandler.count(), own);
  }

  public _withFlows(flows: UdpFlow[]): DataPlane {
    return new AfXdpDataPlane({ ...this.own, flows });
  }

  protected _own(): Partial<PlaneChoice> {
    const { requireZeroCopy, unmatched, xdpMode, framesPerQueue, busyPollMicros, libxdpVersion } = this.own;
    return { requireZeroCopy, unmatched, xdpMode, frames: framesPerQueue, busyPollMicros, libxdpVersion };
  }
}

class DpdkDataPlane extends DataPlane {
  public constructor(private readonly own: DpdkDataPlaneOptions) {
    super(DataPlaneKind.DPDK, own.handler ?? PacketHandler.count(), own);
  }

  public _withFlows(flows: UdpFlow[]): DataPlane {
    return new DpdkDataPlane({ ...this.own, flows });
  }

  protected _own(): Partial<PlaneChoice> {
    const { nicDriver, dpdkVersion, mbufsPerQueue } = this.own;
    return { nicDriver, dpdkVersion, frames: mbufsPerQueue };
  }
}

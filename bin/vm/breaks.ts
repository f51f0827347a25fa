// SPDX-License-Identifier: Apache-2.0
import { Faults } from './job';
import { VmPlane } from './plane';

/** One thing that goes wrong with a deployment, and what the stack must then be told. */
export interface Break {
  readonly what: string;
  /** The plane it is shown on. */
  readonly plane: VmPlane;
  /** Of the machine; what the stack expects may differ, see `context`. */
  readonly iommu?: boolean;
  /** What the stack is synthesised with beyond the plane. */
  readonly context?: Readonly<Record<string, string>>;
  /** The plane whose image is booted, where another than its own will do: one image less to bake. */
  readonly bakedFor?: VmPlane;
  /** Needs an image on which the install step has work to do. */
  readonly fromScratch?: boolean;
  readonly faults?: Faults;
  /** What the reason must hold: who fails, what was seen, and what to do. */
  readonly reason: RegExp;
}

const HANDLERS = 'test/vm/handlers';
const NO_REBOOT = { tuning: 'none' }; // without kernel arguments the host boots once

/** Every way to fail that a host must survive, with one clear word to the stack. */
export const BREAKS: Readonly<Record<string, Break>> = {
  'asset-hash': {
    what: 'the asset in S3 is not the one of the stack',
    plane: 'afxdp',
    faults: { asset: 'tampered' },
    reason: /bootstrap: could not trust https:\/\/\S+: its SHA-256 is not [0-9a-f]{64}.*delete it and deploy again/,
  },
  'asset-unreachable': {
    what: 'S3 does not hand the asset out',
    plane: 'afxdp',
    faults: { asset: 'unreachable' },
    reason: /bootstrap: could not fetch https:\/\/\S+ .*503.*has the subnet a way to S3/,
  },
  'packages': {
    what: 'the package repositories cannot be reached',
    plane: 'kernel',
    fromScratch: true,
    faults: { noPackages: true },
    reason: /kb-step-install failed .*could not install .*are the package repositories reachable/,
  },
  'disk-full': {
    what: 'the root volume is too small to install',
    plane: 'kernel',
    fromScratch: true,
    faults: { fullDisk: true },
    reason: /kb-step-install failed .*MB free and installing takes .*larger root volume/,
  },
  'handler': {
    what: 'the packet handler does not compile',
    plane: 'kernel',
    bakedFor: 'afxdp',
    context: { ...NO_REBOOT, handler: `${HANDLERS}/does-not-compile` },
    reason: /kb-step-install failed .*do not build: mend the handler.*order_book_of/,
  },
  'kernel-args': {
    what: 'the boot loader ignores the new kernel arguments',
    plane: 'afxdp',
    faults: { fixedKernel: true },
    reason: /kb-step-kernel-args failed .*rebooted once, and the kernel still runs without .*isolcpus/,
  },
  'no-data-interface': {
    what: 'the data interface is not attached',
    plane: 'afxdp',
    context: NO_REBOOT,
    faults: { noDataInterface: true },
    reason: /kb-step-data-nic failed .*no interface has device index 1 .*those attached: 0\/0/,
  },
  'primary-interface': {
    what: 'the plan names the primary interface',
    plane: 'afxdp',
    context: NO_REBOOT,
    faults: { plan: { KB_DATA_DEVICE: '0', KB_DATA_CARD: '0' } },
    reason: /kb-step-data-nic failed .*is the primary interface .*another 'KB_DATA_DEVICE'/,
  },
  'huge-pages': {
    what: 'there is too little memory for the huge pages',
    plane: 'dpdk',
    iommu: true,
    context: { hugePagesPerNode: '4000' },
    reason: /kb-step-hugepages failed .*node0 has \d+ MB to give, and 4000 huge pages .*plan fewer/,
  },
  'no-iommu': {
    what: 'vfio-pci is asked for on a machine without IOMMU',
    plane: 'dpdk',
    context: { iommu: 'on', nicDriver: 'vfio-pci' },
    reason: /kb-step-data-nic failed .*vfio-pci.*IOMMU/,
  },
  'xdp-mtu': {
    what: 'XDP is refused because of the MTU',
    plane: 'xdp',
    context: NO_REBOOT,
    faults: { plan: { KB_MTU: '9001' } },
    reason: /kb-step-xdp-filter failed .*MTU/,
  },
  'jitter': {
    what: 'a receive core is interrupted for longer than the gate allows',
    plane: 'afxdp',
    context: { maxJitterMicros: '1' },
    reason: /kb-step-jitter failed .*'KB_JITTER_MAX_US'/,
  },
  'crash-at-start': {
    what: 'the receiver dies when it starts',
    plane: 'kernel',
    bakedFor: 'afxdp',
    context: { ...NO_REBOOT, handler: `${HANDLERS}/crashes-at-start` },
    reason: /kb-receiver failed \((signal|core-dump) \d+; it crashed, or its handler did: .*journalctl -u kb-receiver/,
  },
  'crash-later': {
    what: 'the receiver dies soon after each start',
    plane: 'kernel',
    bakedFor: 'afxdp',
    context: { ...NO_REBOOT, handler: `${HANDLERS}/crashes-later` },
    reason: /kb-(receiver|ready) failed .*/,
  },
};

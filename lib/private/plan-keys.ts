// SPDX-License-Identifier: Apache-2.0

interface PlanKey {
  readonly meaning: string;
  /** Who reads it on the host; the same words as ARCHITECTURE.md's table. */
  readonly readBy: string;
  /** What a concrete value must look like. */
  readonly form: RegExp;
  /** Where users give the value themselves: by which property, and what `form` means. */
  readonly given?: { readonly prop: string; readonly as: string };
  /** Set where the value may be known at deploy time only: the most bytes it can have then. */
  readonly tokenBytes?: number;
}

const NUMBER = /^\d+$/;
const CPU_LIST = /^\d+(-\d+)?(,\d+(-\d+)?)*$/;
const CPU_LIST_OR_EMPTY = /^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/;
// Neither quotes nor what a shell expands, nor control characters: bash drops some, readers of lines stop at others.
const TEXT = /^[^"`$\\\p{Cc}]*$/u;
const ADDRESS_OR_EMPTY = /^((https?|file):\/\/[^\s"`$\\\p{Cc}]+)?$/u;
const WORD = /^[A-Za-z0-9._-]+$/;
/** One of several words within a value. */
export const PLAIN_WORD = /^[^\s"`$\\\p{Cc}]+$/u;
const VERSION = /^(distro|\d+(\.\d+)+)$/;

/**
 * Seam 2: the plan's keys. ARCHITECTURE.md holds the same table for people, userdata/ and src/config.c read the keys,
 * and test/contract/plan-keys.test.ts compares all of them.
 */
export const PLAN_KEYS = {
  KB_PLAN_VERSION: { form: /^1$/, readBy: 'bootstrap, every binary', meaning: 'version of this table' },
  KB_NAME: { form: WORD, readBy: 'kb-stats, ready', meaning: 'metric dimension Name' },
  KB_OS: { form: /^(al2023|debian13|ubuntu2404)$/, readBy: 'install, kernel-args', meaning: 'operating system' },
  KB_INSTANCE_TYPE: { form: WORD, readBy: 'kb-check', meaning: 'EC2 instance type' },
  KB_PLANE: { form: /^(kernel|xdp|afxdp|dpdk)$/, readBy: 'all', meaning: 'data plane' },
  KB_FLOWS: {
    form: /^udp:(\*|[\d.]+):\d+(,udp:(\*|[\d.]+):\d+)*$/,
    readBy: 'receivers, kb-xdp',
    meaning: 'what to receive',
  },
  KB_HANDLER: {
    form: WORD,
    readBy: 'install, receivers (must match what was compiled in)',
    meaning: 'packet handler',
  },
  KB_HANDLER_ARGS: {
    form: /^([a-z0-9_-]+=[^\s"`$\\\p{Cc}]+( |$))*$/u,
    readBy: 'handler',
    meaning: 'arguments of the handler',
  },
  KB_DATA_DEVICE: { form: NUMBER, readBy: 'data-nic', meaning: 'device index of the data ENI' },
  KB_DATA_CARD: { form: NUMBER, readBy: 'data-nic', meaning: 'network card of the data ENI' },
  KB_QUEUES: { form: NUMBER, readBy: 'data-nic, receivers', meaning: 'RX queues in use' },
  KB_RX_CORES: { form: CPU_LIST, readBy: 'receivers, irq, kb-check', meaning: 'one CPU per queue' },
  KB_HOUSEKEEPING_CORES: {
    form: CPU_LIST,
    readBy: "irq, receivers' main thread, kb-stats",
    meaning: 'CPUs for everything else',
  },
  KB_ISOLATED_CORES: {
    form: CPU_LIST_OR_EMPTY,
    readBy: 'kernel-args, kb-check',
    meaning: 'CPUs the scheduler leaves alone',
  },
  KB_MTU: { form: NUMBER, readBy: 'data-nic', meaning: 'MTU of the data ENI' },
  KB_RX_RING: { form: NUMBER, readBy: 'data-nic, receivers', meaning: 'RX descriptors per queue' },
  KB_TX_RING: { form: NUMBER, readBy: 'data-nic, receivers', meaning: 'TX descriptors per queue' },
  KB_FRAMES: { form: NUMBER, readBy: 'receivers', meaning: 'umem frames or mbufs per queue' },
  KB_BURST: { form: NUMBER, readBy: 'receivers', meaning: 'packets per burst' },
  KB_SOCKET_BUFFER_KB: { form: NUMBER, readBy: 'kb-kernel', meaning: 'socket receive buffer' },
  KB_BUSY_POLL_US: { form: NUMBER, readBy: 'kb-kernel, kb-afxdp', meaning: 'socket busy poll' },
  KB_POLL_MODE: { form: /^(spin|busy-poll|wakeup)$/, readBy: 'receivers', meaning: 'how queues are polled' },
  KB_XDP_MODE: { form: /^(native|generic)$/, readBy: 'kb-xdp, kb-afxdp', meaning: 'where the XDP program runs' },
  KB_ZERO_COPY: { form: /^(require|auto|never)$/, readBy: 'kb-afxdp', meaning: 'AF_XDP zero-copy' },
  KB_UNMATCHED: { form: /^(pass|drop)$/, readBy: 'kb-xdp, kb-afxdp', meaning: 'frames of no flow' },
  KB_HUGEPAGE_KB: { form: /^(2048|1048576)$/, readBy: 'hugepages, kernel-args', meaning: 'size of a huge page' },
  KB_HUGEPAGES_PER_NODE: { form: NUMBER, readBy: 'hugepages', meaning: 'huge pages on each NUMA node' },
  KB_KERNEL_ARGS: { form: TEXT, readBy: 'kernel-args', meaning: 'kernel arguments' },
  KB_NIC_DRIVER: {
    form: /^(kernel|auto|vfio-pci|igb_uio|uio_pci_generic|vfio-noiommu)$/,
    readBy: 'data-nic',
    meaning: 'driver of the data ENI',
  },
  KB_IRQ_COALESCE_US: { form: /^(-1|\d+)$/, readBy: 'irq', meaning: 'interrupt moderation' },
  KB_SYSCTLS: { form: TEXT, readBy: 'irq', meaning: 'kernel settings' },
  KB_DPDK_VERSION: { form: VERSION, readBy: 'install', meaning: 'DPDK to use' },
  KB_LIBXDP_VERSION: { form: VERSION, readBy: 'install', meaning: 'libxdp to use' },
  KB_PACKAGE_BASE_URL: {
    form: ADDRESS_OR_EMPTY, readBy: 'install', meaning: 'mirror of pinned tarballs', tokenBytes: 256,
    given: { prop: 'packageBaseUrl', as: 'an address such as https://mirror.example.com/sources, without spaces, quotes, $ and `' },
  },
  KB_ENA_MIN_VERSION: { form: /^(\d+(\.\d+)+)?$/, readBy: 'kb-check', meaning: 'least ENA driver version' },
  KB_KERNEL: { form: /^(\d+\.\d+[\w.+-]*)?$/, readBy: 'kb-check', meaning: 'kernel line or release' },
  KB_JITTER_MAX_US: { form: NUMBER, readBy: 'kb-check, ready', meaning: 'jitter gate' },
  KB_JITTER_SECONDS: { form: NUMBER, readBy: 'kb-check, ready', meaning: 'how long jitter is measured' },
  KB_STATS_PAGE: { form: /^\/[\w/.-]+$/, readBy: 'receivers, kb-stats', meaning: 'the stats page' },
  KB_STATSD: { form: /^127\.0\.0\.1:\d+$/, readBy: 'kb-stats', meaning: "the CloudWatch agent's statsd socket" },
  KB_STATS_INTERVAL_MS: { form: NUMBER, readBy: 'kb-stats', meaning: 'publishing interval' },
  KB_PROMETHEUS_PORT: { form: NUMBER, readBy: 'kb-stats', meaning: 'Prometheus text endpoint, 0 = off' },
  KB_HEALTH_SECONDS: { form: NUMBER, readBy: 'health', meaning: 'a dead receiver makes the host unhealthy, 0 = off' },
  // The longest is a presigned URL that holds the stack's ARN and this handle's logical id.
  KB_SIGNAL_URL: {
    form: TEXT,
    readBy: 'bootstrap, ready, failure unit',
    meaning: 'wait-condition handle',
    tokenBytes: 1024,
  },
  KB_REGION: { form: TEXT, readBy: 'bootstrap, health', meaning: 'AWS region', tokenBytes: 32 },
  KB_ASSET_URL: { form: TEXT, readBy: 'bootstrap', meaning: 'the asset in S3', tokenBytes: 256 },
  KB_ASSET_SHA256: { form: /^[0-9a-f]{64}$/, readBy: 'bootstrap', meaning: 'SHA-256 of the asset' },
} as const satisfies Readonly<Record<string, PlanKey>>;

export type PlanKeyName = keyof typeof PLAN_KEYS;
export type PlanValues = Readonly<Record<PlanKeyName, string>>;

/** The version every reader checks: raised when a key changes its meaning. */
export const PLAN_VERSION = '1';

export const PLAN_KEY_NAMES = Object.keys(PLAN_KEYS) as readonly PlanKeyName[];

export function planKey(name: PlanKeyName): PlanKey {
  return PLAN_KEYS[name];
}

/** Sentences about values that `plan.env` cannot carry; `isToken` tells values of deploy time apart. */
export function checkPlanValues(values: PlanValues, isToken: (value: string) => boolean): string[] {
  return PLAN_KEY_NAMES.flatMap(name => {
    const { form, tokenBytes, given } = planKey(name);
    const value = values[name];
    if (isToken(value)) {
      return tokenBytes === undefined ? [`${name} must be known at synth, got a token`] : [];
    }
    if (form.test(value)) {
      return [];
    }
    return [`${given ? `'${given.prop}' must be ${given.as}` : `${name} must match ${form.source}`}, got ${JSON.stringify(value)}`];
  });
}

/** `KEY="value"` lines in the table's order. */
export function renderPlanEnv(values: PlanValues): string {
  return PLAN_KEY_NAMES.map(name => `${name}="${values[name]}"\n`).join('');
}

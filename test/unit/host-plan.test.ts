// SPDX-License-Identifier: Apache-2.0
import type { Plane, PlaneChoice } from '../../lib/private/host-plan';
import { instanceFacts } from '../../lib/private/instance-facts';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';
import { PLAN_KEY_NAMES } from '../../lib/private/plan-keys';
import { checkPlanValues } from '../../lib/private/plan-keys';
import type { PlanValues } from '../../lib/private/plan-keys';
import { DEBIAN13, findings, plan, warnings } from './fixtures/plan-input';
import type { PlanChange } from './fixtures/plan-input';

const PLANES: Plane[] = ['kernel', 'xdp', 'afxdp', 'dpdk'];

describe('what a data plane decides', () => {
  test.each<[Plane, Record<string, string>]>([
    ['kernel', {
      KB_MTU: '9001', KB_NIC_DRIVER: 'kernel', KB_POLL_MODE: 'spin', KB_BUSY_POLL_US: '50', KB_HUGEPAGES_PER_NODE: '0',
      KB_ENA_MIN_VERSION: '', KB_DPDK_VERSION: 'distro', KB_LIBXDP_VERSION: 'distro', KB_IRQ_COALESCE_US: '0',
    }],
    ['xdp', {
      KB_MTU: '3498', KB_NIC_DRIVER: 'kernel', KB_POLL_MODE: 'spin', KB_BUSY_POLL_US: '50', KB_HUGEPAGES_PER_NODE: '0',
      KB_ENA_MIN_VERSION: '', KB_DPDK_VERSION: 'distro', KB_LIBXDP_VERSION: '1.6.3', KB_XDP_MODE: 'native', KB_UNMATCHED: 'pass',
    }],
    ['afxdp', {
      KB_MTU: '3498', KB_NIC_DRIVER: 'kernel', KB_POLL_MODE: 'busy-poll', KB_BUSY_POLL_US: '20', KB_HUGEPAGES_PER_NODE: '0',
      KB_ENA_MIN_VERSION: '2.13.2', KB_DPDK_VERSION: 'distro', KB_LIBXDP_VERSION: '1.6.3', KB_ZERO_COPY: 'require', KB_FRAMES: '8192',
    }],
    ['dpdk', {
      KB_MTU: '9001', KB_NIC_DRIVER: 'auto', KB_POLL_MODE: 'spin', KB_BUSY_POLL_US: '0', KB_HUGEPAGE_KB: '2048',
      KB_HUGEPAGES_PER_NODE: '1024', KB_ENA_MIN_VERSION: '', KB_DPDK_VERSION: '25.11.4', KB_LIBXDP_VERSION: 'distro', KB_IRQ_COALESCE_US: '-1',
    }],
  ])('%s on c6in.32xlarge', (plane, expected) => {
    expect(plan({ dataPlane: { plane } }).values).toMatchObject({ KB_PLANE: plane, ...expected });
  });

  test.each(PLANES)('%s has a value of the right form for every key', plane => {
    const { values } = plan({ dataPlane: { plane } });
    const whole: PlanValues = { ...values, KB_ASSET_SHA256: 'a'.repeat(64), KB_ASSET_URL: '', KB_REGION: '', KB_SIGNAL_URL: '' };
    expect(Object.keys(whole).sort()).toEqual([...PLAN_KEY_NAMES].sort());
    expect(checkPlanValues(whole, () => false)).toEqual([]);
  });
});

describe('what an instance type decides', () => {
  test.each<[string, Record<string, string>, object]>([
    ['c6in.32xlarge', { KB_DATA_CARD: '1', KB_RX_CORES: '32', KB_HOUSEKEEPING_CORES: '0-1', KB_ISOLATED_CORES: '32' }, { cpuOptions: { coreCount: 64, threadsPerCore: 1 }, networkCard: 1 }],
    ['c6in.16xlarge', { KB_DATA_CARD: '0', KB_RX_CORES: '2', KB_HOUSEKEEPING_CORES: '0-1' }, { cpuOptions: { coreCount: 32, threadsPerCore: 1 }, networkCard: 0 }],
    ['c6in.xlarge', { KB_DATA_CARD: '0', KB_RX_CORES: '1', KB_HOUSEKEEPING_CORES: '0' }, { cpuOptions: { coreCount: 2, threadsPerCore: 1 } }],
    ['c7gn.16xlarge', { KB_DATA_CARD: '0', KB_RX_CORES: '2' }, { cpuOptions: undefined }],
    ['c8gn.48xlarge', { KB_DATA_CARD: '1', KB_RX_CORES: '96' }, { cpuOptions: undefined, networkCard: 1 }],
    ['c6in.metal', { KB_DATA_CARD: '1', KB_RX_CORES: '32' }, { cpuOptions: undefined, networkCard: 1 }],
    ['m8azn.24xlarge', { KB_DATA_CARD: '0', KB_RX_CORES: '2' }, { cpuOptions: undefined }],
  ])('%s', (instanceType, values, launch) => {
    const decided = plan({ instanceType });
    expect(decided.values).toMatchObject(values);
    expect(decided.launch).toMatchObject(launch);
  });

  test('every type with two cores or more carries every data plane', () => {
    const refused = INSTANCE_TABLE.filter(([, cores]) => cores >= 2).flatMap(([instanceType]) =>
      PLANES.flatMap(plane => findings({ instanceType, dataPlane: { plane } }).map(text => `${instanceType} ${plane}: ${text}`)));
    expect(refused).toEqual([]);
  });

  test('receive cores are on the NUMA node of the network card', () => {
    for (const [instanceType, cores] of INSTANCE_TABLE.filter(row => row[1] >= 2)) {
      const facts = instanceFacts(instanceType)!;
      const { KB_RX_CORES, KB_DATA_CARD } = plan({ instanceType }).values;
      const node = Math.floor(Number(KB_RX_CORES) / (cores / facts.numaNodes));
      expect([instanceType, node]).toEqual([instanceType, Math.min(Number(KB_DATA_CARD), facts.numaNodes - 1)]);
    }
  });
});

test('a host with multicast flows joins by IGMPv2, the only version of transit gateways, unless the user says otherwise', () => {
  const sysctls = (address: string, own = {}) =>
    plan({ dataPlane: { plane: 'kernel', flows: [{ address, port: 7000 }] }, tuning: { sysctls: own } }).values.KB_SYSCTLS;
  const key = 'net.ipv4.conf.all.force_igmp_version';
  expect(sysctls('239.1.1.1')).toContain(`${key}=2`);
  expect(sysctls('10.0.0.1')).not.toContain(key);
  expect(sysctls('239.1.1.1', { [key]: '3' })).toContain(`${key}=3`);
});

describe('queues', () => {
  test('each gets a core, in order', () => {
    const { values } = plan({ dataPlane: { queues: 4 } });
    expect(values).toMatchObject({ KB_QUEUES: '4', KB_RX_CORES: '32,33,34,35', KB_ISOLATED_CORES: '32-35' });
  });

  test('beyond half of the ENI need the ENA driver that lifted that limit', () => {
    const version = (queues: number) => plan({ dataPlane: { plane: 'afxdp', queues } }).values.KB_ENA_MIN_VERSION;
    expect([version(16), version(17), version(32)]).toEqual(['2.13.2', '2.17.0', '2.17.0']);
  });

  test('beyond the default raise EnaQueueCount to a power of two', () => {
    const launch = (queues: number) => plan({ instanceType: 'c6in.16xlarge', dataPlane: { queues } }).launch.enaQueueCount;
    expect([launch(16), launch(17), launch(30)]).toEqual([undefined, 32, 32]);
  });

  test('more of them need more huge pages', () => {
    const pages = Number(plan({ dataPlane: { queues: 32 } }).values.KB_HUGEPAGES_PER_NODE);
    const perQueueMiB = 8192 * 9339 / 2 ** 20;
    expect(pages).toBeGreaterThan(32 * perQueueMiB / 2);
    expect(pages).toBeLessThan(2 * 32 * perQueueMiB / 2);
  });
});

test.each<[Plane, Partial<PlaneChoice>, string]>([
  ['dpdk', { rxRing: 512 }, '4096'],
  ['dpdk', { rxRing: 1024, txRing: 1024 }, '8192'],
  ['dpdk', { rxRing: 1024, burst: 256 }, '4096'],
  ['dpdk', { rxRing: 16384 }, '32768'],
  ['afxdp', { rxRing: 256 }, '1024'],
  ['afxdp', { rxRing: 512 }, '1024'],
])('%s with %j has %s buffers for each queue', (plane, rings, frames) => {
  expect(plan({ dataPlane: { plane, ...rings } }).values.KB_FRAMES).toBe(frames);
});

describe('two threads per core', () => {
  test('isolate the sibling of a receive core too', () => {
    const { values, launch } = plan({ instanceType: 'c6in.4xlarge', threadsPerCore: 2, dataPlane: { queues: 2 } });
    expect(values).toMatchObject({ KB_RX_CORES: '2,3', KB_ISOLATED_CORES: '2-3,10-11', KB_HOUSEKEEPING_CORES: '0-1' });
    expect(launch.cpuOptions).toBeUndefined();
  });

  test('are switched off by the kernel on metal, which has no CpuOptions', () => {
    expect(plan({ instanceType: 'c6in.metal' }).values.KB_KERNEL_ARGS).toContain(' nosmt ');
    expect(plan({ instanceType: 'c6in.32xlarge' }).values.KB_KERNEL_ARGS).not.toContain('nosmt');
  });

  test('stay on metal where they are asked for: a plan may name CPUs of both', () => {
    const { values } = plan({
      instanceType: 'c6in.metal', threadsPerCore: 2, cores: { lists: { receive: '70', housekeeping: '0-1' } },
    });
    expect(values).toMatchObject({ KB_RX_CORES: '70', KB_ISOLATED_CORES: expect.stringContaining('70') });
    expect(values.KB_KERNEL_ARGS).not.toContain('nosmt');
  });
});

describe('AF_XDP zero-copy', () => {
  test.each<[string, PlanChange, string]>([
    ['is required on Amazon Linux', { dataPlane: { plane: 'afxdp' } }, 'require'],
    ['is tried on Debian', { dataPlane: { plane: 'afxdp' }, os: DEBIAN13 }, 'auto'],
    ['is required on Debian when asked for', { dataPlane: { plane: 'afxdp', requireZeroCopy: true }, os: DEBIAN13 }, 'require'],
    ['is tried when not required', { dataPlane: { plane: 'afxdp', requireZeroCopy: false } }, 'auto'],
    ['is impossible with generic XDP', { dataPlane: { plane: 'afxdp', xdpMode: 'generic' } }, 'never'],
  ])('%s', (_, change, expected) => {
    expect(plan(change).values.KB_ZERO_COPY).toBe(expected);
  });
});

describe('tuning', () => {
  test('low latency isolates the receive cores', () => {
    const { values } = plan({ dataPlane: { queues: 2 } });
    expect(values.KB_KERNEL_ARGS).toBe('isolcpus=managed_irq,domain,32-33 nohz_full=32-33 rcu_nocbs=32-33 irqaffinity=0-1 '
      + 'skew_tick=1 nmi_watchdog=0 nosoftlockup transparent_hugepage=never processor.max_cstate=1 intel_idle.max_cstate=1 tsc=reliable');
    expect(values).toMatchObject({ KB_JITTER_MAX_US: '100', KB_JITTER_SECONDS: '5' });
  });

  test('none leaves the host alone, but for what the receiver needs', () => {
    const { values } = plan({
      tuning: { isolateCores: false, limitCStates: false, interruptModerationMicros: -1, maxJitterMicros: 0, jitterSeconds: 0, ownSettings: false },
    });
    expect(values).toMatchObject({
      KB_KERNEL_ARGS: '', KB_ISOLATED_CORES: '', KB_IRQ_COALESCE_US: '-1', KB_JITTER_MAX_US: '0', KB_JITTER_SECONDS: '0',
      KB_SYSCTLS: 'net.core.rmem_max=16777216', KB_HUGEPAGES_PER_NODE: '1024',
    });
  });

  test('deep sleep states leave every other argument as it is', () => {
    const args = (limitCStates: boolean) => plan({ tuning: { limitCStates } }).values.KB_KERNEL_ARGS.split(' ');
    expect(args(true).filter(arg => !args(false).includes(arg)))
      .toEqual(['processor.max_cstate=1', 'intel_idle.max_cstate=1', 'tsc=reliable']);
  });

  test('1 GiB pages are reserved on the kernel command line, for all nodes', () => {
    const { values } = plan({ tuning: { hugePageSize: '1GiB', hugePagesPerNode: 8 } });
    expect(values).toMatchObject({ KB_HUGEPAGE_KB: '1048576', KB_HUGEPAGES_PER_NODE: '8' });
    expect(values.KB_KERNEL_ARGS).toContain('default_hugepagesz=1G hugepagesz=1G hugepages=16');
  });

  test('own kernel arguments come last, own sysctls win', () => {
    const { values } = plan({ tuning: { kernelArguments: ['mitigations=off'], sysctls: { 'vm.swappiness': '10' } } });
    expect(values.KB_KERNEL_ARGS).toMatch(/ mitigations=off$/);
    expect(values.KB_SYSCTLS).toMatch(/ vm.swappiness=10$/);
  });

  test('metal with DPDK switches its IOMMU on', () => {
    expect(plan({ instanceType: 'c6in.metal' }).values.KB_KERNEL_ARGS).toContain('intel_iommu=on iommu=pt');
    expect(plan({ instanceType: 'c6in.metal', dataPlane: { plane: 'afxdp' } }).values.KB_KERNEL_ARGS).not.toContain('iommu');
  });

  test('Graviton has no x86 arguments', () => {
    expect(plan({ instanceType: 'c7gn.16xlarge' }).values.KB_KERNEL_ARGS).not.toMatch(/cstate|tsc=/);
  });
});

describe('core lists', () => {
  test('own lists are taken as they are', () => {
    const { values } = plan({
      dataPlane: { queues: 2 }, cores: { lists: { receive: '8,9', housekeeping: '0-3', isolated: '8-15' } },
    });
    expect(values).toMatchObject({ KB_RX_CORES: '8,9', KB_HOUSEKEEPING_CORES: '0-3', KB_ISOLATED_CORES: '8-15' });
  });

  test('the NUMA node can be chosen', () => {
    expect(plan({ cores: { numaNode: 0 } }).values.KB_RX_CORES).toBe('2');
    expect(plan({ cores: { numaNode: 0, housekeepingCount: 4 } }).values).toMatchObject({ KB_RX_CORES: '4', KB_HOUSEKEEPING_CORES: '0-3' });
  });
});

describe('warns', () => {
  test.each<[PlanChange, string[]]>([
    [{ dataPlane: { plane: 'afxdp' } }, []],
    [{ dataPlane: { plane: 'afxdp' }, os: DEBIAN13 }, ['copyMode']],
    [{ dataPlane: { plane: 'afxdp', requireZeroCopy: true }, os: DEBIAN13 }, ['zeroCopyDriver']],
    [{ dataPlane: { plane: 'dpdk' }, os: DEBIAN13 }, []],
    [{ dataInterface: { enaExpress: true } }, ['enaExpressLatency']],
    [{ dataPlane: { flows: [{ address: '224.0.0.1', port: 1 }, { address: '239.255.0.1', port: 1 }] } }, ['multicast']],
    [{ dataPlane: { flows: [{ address: '223.0.0.1', port: 1 }, { address: '240.0.0.1', port: 1 }] } }, []],
  ])('%j', (change, ids) => {
    expect(warnings(change).map(({ id }) => id)).toEqual(ids);
  });
});

describe('refuses, in the user\'s words', () => {
  test.each<[PlanChange, string]>([
    [{ dataPlane: { queues: 64 } }, "'queues' must be between 1 and 32 on c6in.32xlarge, got 64"],
    [{ dataPlane: { queues: 0 } }, "'queues' must be between 1 and 32 on c6in.32xlarge, got 0"],
    [{ dataPlane: { queues: 1.5 } }, "'queues' must be between 1 and 32 on c6in.32xlarge, got 1.5"],
    [{ dataPlane: { queues: 31 }, cores: { numaNode: 0 } },
      "'queues' must be at most 30 on c6in.32xlarge, the cores of NUMA node 0 beside 2 for housekeeping, got 31"],
    [{ dataInterface: { networkCard: 2 } }, "'networkCard' must be between 0 and 1 on c6in.32xlarge, got 2"],
    [{ instanceType: 'c6in.16xlarge', dataInterface: { networkCard: 1 } }, "'networkCard' must be 0 on c6in.16xlarge, got 1"],
    [{ dataInterface: { deviceIndex: 0 } }, "'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more"],
    [{ dataInterface: { deviceIndex: 16 } }, "'deviceIndex' must be between 1 and 15 on c6in.32xlarge, got 16"],
    [{ dataPlane: { plane: 'afxdp' }, dataInterface: { mtu: 9001 } },
      "'mtu' must be at most 3498 with AF_XDP, one buffer per frame, got 9001"],
    [{ dataPlane: { plane: 'xdp' }, dataInterface: { mtu: 3499 } },
      "'mtu' must be at most 3498 with XDP, one buffer per frame, got 3499"],
    [{ dataInterface: { mtu: 9002 } }, "'mtu' must be between 576 and 9001, got 9002"],
    [{ dataInterface: { mtu: 9001, enaExpress: true } }, "'mtu' must be at most 8900 with ENA Express, got 9001"],
    [{ instanceType: 'c6in.xlarge', dataInterface: { enaExpress: true } }, "'enaExpress' is not supported by c6in.xlarge"],
    [{ dataInterface: { queueCount: 12 } }, "'queueCount' must be a power of two up to 32 on c6in.32xlarge, got 12"],
    [{ dataInterface: { queueCount: 64 } }, "'queueCount' must be a power of two up to 32 on c6in.32xlarge, got 64"],
    [{ dataInterface: { queueCount: 4 }, dataPlane: { queues: 8 } }, "'queueCount' must be at least 'queues' (8), got 4"],
    [{ instanceType: 'c7gn.16xlarge', dataInterface: { queueCount: 16 } },
      "'queueCount' cannot be chosen on c7gn.16xlarge, whose ENIs have 32 queues; got 16"],
    [{ dataInterface: { udpTimeoutSeconds: 29 } }, "'udpTimeout in seconds' must be between 30 and 60, got 29"],
    [{ dataInterface: { udpStreamTimeoutSeconds: 181 } }, "'udpStreamTimeout in seconds' must be between 60 and 180, got 181"],
    [{ dataPlane: { flows: [] } }, "'flows' must have between 1 and 64 entries, got 0"],
    [{ dataPlane: { flows: [{ address: '*', port: 0 }] } }, "'port' must be between 1 and 65535, got 0"],
    [{ dataPlane: { flows: [{ address: '*', port: 65536 }] } }, "'port' must be between 1 and 65535, got 65536"],
    [{ dataPlane: { flows: [{ address: '10.0.0.300', port: 1 }] } },
      "'address' must be an IPv4 address such as 10.0.1.5 or 239.1.1.1, got '10.0.0.300'"],
    [{ dataPlane: { flows: [{ address: '010.0.0.1', port: 1 }] } },
      "'address' must be an IPv4 address such as 10.0.1.5 or 239.1.1.1, got '010.0.0.1'"],
    [{ dataPlane: { flows: [{ address: '*', port: 1 }, { address: '*', port: 1 }] } }, "'flows' has *:1 twice"],
    [{ dataPlane: { rxRing: 1000 } }, "'rxRing' must be a power of two between 128 and 16384, got 1000"],
    [{ dataPlane: { txRing: 2048 } }, "'txRing' must be a power of two between 128 and 1024, got 2048"],
    [{ dataPlane: { burst: 257 } }, "'burst' must be between 1 and 256, got 257"],
    [{ dataPlane: { frames: 4096 } }, "'mbufsPerQueue' must be a power of two between 8192 and 1048576 with an 'rxRing' of 4096, a 'txRing' of 512 and a 'burst' of 64, got 4096"],
    [{ dataPlane: { busyPollMicros: -1 } }, "'busyPollMicros' must be between 0 and 1000, got -1"],
    [{ dataPlane: { plane: 'dpdk', pollMode: 'wakeup' } },
      "'pollMode' must be spin with dpdk, whose driver has nothing to sleep on, got wakeup"],
    [{ dataPlane: { plane: 'afxdp', pollMode: 'busy-poll', busyPollMicros: 0 } },
      "'busyPollMicros' must be between 1 and 1000 with 'pollMode' busy-poll, got 0"],
    [{ dataPlane: { socketBufferKiB: 1 } }, "'socketBuffer in KiB' must be between 64 and 1048575, got 1"],
    [{ dataPlane: { plane: 'afxdp', xdpMode: 'generic', requireZeroCopy: true } },
      "'requireZeroCopy' needs XDP mode native, got generic"],
    [{ dataPlane: { dpdkVersion: '25.11;reboot' } }, "'dpdkVersion' must be 25.11.4 on al2023, got '25.11;reboot'"],
    [{ dataPlane: { nicDriver: 'vfio-pci' } }, "'nicDriver' vfio-pci needs an IOMMU, which c6in.32xlarge does not have; "
      + 'use auto, igb_uio or vfio-noiommu, or a metal instance'],
    [{ dataPlane: { handler: { name: 'custom', args: { Bad: 'x' }, problems: [] } } },
      "an argument of the handler must be named by lower-case letters, digits, '-' and '_', got 'Bad'"],
    [{ dataPlane: { handler: { name: 'custom', args: { a: 'b c' }, problems: [] } } },
      "argument 'a' of the handler must hold no space, control character, quote, '$' or '\\', got \"b c\""],
    [{ dataPlane: { plane: 'xdp', queues: 17 }, os: DEBIAN13 },
      "'queues' must be at most 16 with XDP on debian13, whose ENA driver leaves half of the ENI's 32 queues to XDP, got 17; "
      + 'Amazon Linux 2023 has no such limit'],
    [{ threadsPerCore: 4 }, "'threadsPerCore' must be 1 or 2 on c6in.32xlarge, got 4"],
    [{ instanceType: 'c7gn.16xlarge', threadsPerCore: 2 }, "'threadsPerCore' must be 1 on c7gn.16xlarge, got 2"],
    [{ instanceType: 'c6in.large' },
      "'instanceType' must have at least 2 cores, one to receive and one for the rest, got c6in.large with 1"],
    [{ tuning: { hugePagesPerNode: 131072 } },
      "'hugePagesPerNode' asks for 131072 huge pages of 2MiB on 2 NUMA nodes, 512 GiB in all; "
      + 'c6in.32xlarge has 256 GiB, of which at most 192 may be huge pages'],
    [{ instanceType: 'c6in.xlarge', dataPlane: { frames: 524288 } },
      "the receiver's buffers need 3503 huge pages of 2MiB on 1 NUMA node, 6.8 GiB in all; "
      + 'c6in.xlarge has 8 GiB, of which at most 6 may be huge pages'],
    [{ tuning: { hugePagesPerNode: 8 } },
      "'hugePagesPerNode' must be between 37 and 49152 for 1 queue of 8192 frames on c6in.32xlarge, got 8"],
    [{ tuning: { hugePagesPerNode: -1 } }, "'hugePagesPerNode' must be a whole number of at least 0, got -1"],
    [{ tuning: { interruptModerationMicros: -2 }, dataPlane: { plane: 'kernel' } },
      "'interruptModerationMicros' must be between -1 and 1000, got -2"],
    [{ tuning: { maxJitterMicros: -1 } }, "'maxJitterMicros' must be between 0 and 1000000, got -1"],
    [{ tuning: { jitterSeconds: 601 } }, "'jitterSeconds' must be between 1 and 600, got 601"],
    [{ tuning: { kernelArguments: ['a b'] } }, "a kernel argument must hold no space, control character, quote, '$' or '\\', got \"a b\""],
    [{ tuning: { sysctls: { rmem: '1' } } }, "a sysctl must be named like net.core.rmem_max, got 'rmem'"],
    [{ tuning: { sysctls: { 'net.ipv4.udp_mem': '1 2 3' } } },
      "sysctl 'net.ipv4.udp_mem' must hold no space, control character, quote, '$' or '\\', got \"1 2 3\""],
    [{ cores: { lists: { receive: '2-', housekeeping: '0' } } }, "'receive' must be a CPU list such as 2-3,8, got '2-'"],
    [{ cores: { lists: { receive: '64', housekeeping: '0' } } }, "'receive' has CPU 64, but c6in.32xlarge has CPUs 0-63"],
    [{ cores: { lists: { receive: '2,3', housekeeping: '0' } } }, "'receive' must have one CPU per queue (1), got '2,3' with 2"],
    [{ cores: { lists: { receive: '2', housekeeping: '0-2', isolated: '3' } } }, "CPU 2 cannot be both in 'receive' and 'housekeeping'"],
    [{ cores: { lists: { receive: '2', housekeeping: '0-1', isolated: '1-2' } } }, "CPU 1 cannot be both in 'isolated' and 'housekeeping'"],
    [{ cores: { lists: { receive: '2', housekeeping: '1', isolated: '0,2' } } },
      'CPU 0 cannot be isolated: the kernel keeps time and boots on it'],
    [{ cores: { numaNode: 2 } }, "'numaNode' must be between 0 and 1 on c6in.32xlarge, got 2"],
    [{ cores: { housekeepingCount: 64 } }, "'housekeepingCount' must be between 1 and 63 on c6in.32xlarge, got 64"],
    [{ bootTimeoutSeconds: 300 }, "'bootTimeout in seconds' must be between 600 and 43200, got 300"],
    [{ prometheusPort: 80 }, "'prometheusPort' must be between 1024 and 65535, got 80"],
  ])('%j', (change, message) => {
    expect(findings(change)).toEqual([message]);
  });

  test('an instance type that it does not know', () => {
    expect(findings({ instanceType: 't3.micro' })).toEqual([
      expect.stringMatching(/^'instanceType' t3\.micro is not a type this library knows; use one of the families .*c6in.*c7gn/),
    ]);
  });

  test('several things at once', () => {
    expect(findings({ dataPlane: { queues: 64, burst: 0 }, dataInterface: { networkCard: 0 } })).toHaveLength(2);
  });
});

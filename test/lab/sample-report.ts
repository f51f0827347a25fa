// SPDX-License-Identifier: Apache-2.0
import { LAB_STATEMENT, LabReport, LabRun } from '../../bin/lab/report';

const LATENCY = { count: 1000, p50: 4_100, p90: 5_000, p99: 12_345, p999: 250_000, max: 3_300_000 };

/** A run that went well, with some of its fields different. */
export function sampleRun(changes: Partial<LabRun> = {}): LabRun {
  return {
    plane: 'afxdp', wire: 'veth', mode: { driver: 'veth', xdp: 'native', copy: 'copy', detail: '' }, handler: 'count',
    rate: 100_000, rateAchieved: 100_000, size: 288, seconds: 5, sent: 500_000, received: 500_000, lost: {}, ignored: {}, unexplained: 0,
    latencyNs: LATENCY, receiveLatencyNs: LATENCY, scheduleErrorNs: { p50: 90, p99: 200, p999: 3_000, max: 9_000 },
    cpuPercent: { receiver: 99, receiverMain: 0.2, generator: 98 },
    overrides: [{ key: 'KB_EAL_ARGS', lab: '--no-pci', why: 'no ENA here' }, { key: 'KB_ZERO_COPY', planned: 'require', lab: 'auto', why: 'veth has no zero-copy' }],
    distributions: {
      latency: [{ lowest: 4_096, highest: 4_111, count: 900 }, { lowest: 12_288, highest: 12_351, count: 99 }, { lowest: 3_292_000, highest: 3_300_000, count: 1 }],
      receive: [{ lowest: 100, highest: 100, count: 1000 }],
    },
    ...changes,
  };
}

export function sampleReport(...runs: LabRun[]): LabReport {
  return {
    schema: 1,
    statement: LAB_STATEMENT,
    environment: {
      date: '2026-01-02T03:04:05.000Z', commit: 'f'.repeat(40), kernel: '6.12', distro: 'Debian <12>', arch: 'x64', cpu: 'CPU', cpus: 2,
      cores: { generator: 0, receiver: 1, housekeeping: 0 }, virtualization: 'none', governor: 'performance', clocksource: 'tsc', memoryMb: 1024,
      hugePages: { sizeKb: 2048, total: 64, free: 64 }, versions: { dpdk: '22.11' },
    },
    runs,
    errors: [],
  };
}

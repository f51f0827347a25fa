// SPDX-License-Identifier: Apache-2.0
import { DataPlaneBuild } from '../../lab/build';
import { Bench, measure } from '../../lab/measure';
import { MemifWire } from '../../lab/memif-wire';
import { Plan, synthesisePlan } from '../../lab/plan';
import { LAB_PLANES, LabPlane } from '../../lab/planes';
import { LabRun } from '../../lab/report';
import { duration } from '../../lab/report-table';
import { Undo } from '../../lab/undo';
import { VethWire } from '../../lab/veth-wire';
import { alternate } from '../alternate';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { finding, Finding, Target } from '../finding';
import { median } from '../median';
import { provideMemory } from '../pcap-port';

const RATE = 100_000;
const SIZE = 288;
const HUGE_PAGE_MB = 120; // both ends of memif

/** A socket as a program opens one that was not tuned: it sleeps, and has the kernel's default buffer. */
const UNTUNED: Plan = { KB_POLL_MODE: 'wakeup', KB_BUSY_POLL_US: '0', KB_SOCKET_BUFFER_KB: '208' };

/** What bypassing the kernel is said to save of the p99 of 100,000 messages of 288 bytes a second. */
const TARGETS: readonly { plane: string; target?: Target }[] = [
  { plane: 'kernel' },
  { plane: 'afxdp', target: { atMost: 0.26 } },
  { plane: 'dpdk-memif', target: { atMost: 0.19 } },
];

export const latency: Comparison = {
  name: 'latency',
  what: 'one-way p99 of kb-kernel, kb-afxdp and kb-dpdk against kb-kernel untuned, at 100,000/s',
  byDefault: true,
  packages: [],
  run: async (bench) => {
    provideMemory(bench, HUGE_PAGE_MB);
    const lab = await makeLab(bench);
    const plans = new Map<string, Plan>();
    for (const plane of ['kernel', 'afxdp', 'dpdk']) {
      plans.set(plane, await synthesisePlan(plane, bench.folder.folder('cdk.out', plane), bench.signal));
    }
    const measured = (name: string, changes: Plan = {}) => async () => {
      const plane = LAB_PLANES.find((one) => one.name === name) as LabPlane;
      return onOwnWire(plane, { ...plans.get(plane.plane) as Plan, ...changes }, lab);
    };
    const [untuned, ...others] = await alternate(bench.options.rounds, [measured('kernel', UNTUNED), ...TARGETS.map(({ plane }) => measured(plane))],
      (round) => bench.terminal.progress(`latency: round ${round} of ${bench.options.rounds}`));
    return TARGETS.map(({ plane, target }, i): Finding => finding(
      { comparison: 'latency', metric: `p99 ${plane}`, unit: 'µs one way', target, note: floor(others[i]) },
      { name: `kb-${plane}`, samples: p99(others[i]) }, { name: 'kb-kernel untuned', samples: p99(untuned) },
    ));
  },
};

function p99(runs: readonly LabRun[]): number[] {
  return runs.map((run) => run.latencyNs.p99 / 1000);
}

/** What of it no receiver can change, and what of it is this one's. */
function floor(runs: readonly LabRun[]): string {
  const of = (value: (run: LabRun) => number) => duration(median(runs.map(value)));
  return `of this p99, the sender itself was late by ${of((run) => run.scheduleErrorNs.p99)} (the floor of any receiver behind it); `
    + `from a message's arrival to the end of its handler it was ${of((run) => run.receiveLatencyNs.p99)}`;
}

async function onOwnWire(plane: LabPlane, plan: Plan, lab: Bench): Promise<LabRun> {
  const undo = new Undo();
  try {
    return await measure(plane, plan, plane.wire === 'memif' ? new MemifWire(plane, plan, lab) : await VethWire.create(plane, plan, lab, undo), lab);
  } finally {
    await undo.run();
  }
}

async function makeLab(bench: BenchContext): Promise<Bench> {
  const build: DataPlaneBuild = await bench.build('count', ['kb-kernel', 'kb-afxdp', 'kb-dpdk', 'kb-stats', 'kb-gen', 'kb-gen-dpdk']);
  const { cores, folder, signal, terminal } = bench;
  return {
    options: { planes: [], rate: RATE, size: SIZE, seconds: bench.options.seconds, keep: false },
    cores, folder, build, signal, progress: (text) => terminal.detail(text),
  };
}

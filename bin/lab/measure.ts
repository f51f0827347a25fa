// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { CommandError } from '../commands/command-error';
import { DataPlaneBuild } from './build';
import { confine } from './confine';
import { Cores } from './cores';
import { cpuPercent, CpuSample } from './cpu-usage';
import { Generated, generate } from './generator';
import { firstFlow, LabPlan, labPlan } from './lab-plan';
import { Causes, growth, ledger } from './ledger';
import { LabOptions } from './options';
import { Plan, renderPlan } from './plan';
import { LabPlane } from './planes';
import { Receiver } from './receiver';
import { CpuPercent, LabRun } from './report';
import { RunFolder } from './run-folder';
import { attempt, lastWords } from './shell';
import { Snapshot } from './snapshot';
import { LabWire } from './wire';

const WARM_UP_SECONDS = 1; // first messages meet cold caches and lazily built tables

/** What every run of a lab shares. */
export interface Bench {
  readonly options: LabOptions;
  readonly cores: Cores;
  readonly folder: RunFolder;
  readonly build: DataPlaneBuild;
  readonly signal: AbortSignal;
  /** Shown while a run goes on. */
  progress(text: string): void;
}

/** Starts a plane's receiver from its plan, sends it the feed, and accounts for every packet. */
export async function measure(plane: LabPlane, plan: Plan, wire: LabWire, bench: Bench): Promise<LabRun> {
  const own = labPlan(plan, {
    cores: bench.cores, host: wire.host, statsPage: bench.folder.file(`${plane.name}.stats`),
    customHandler: bench.options.handler !== undefined, changes: wire.changes,
  });
  const { port } = firstFlow(own.env);
  await wire.check(port);
  fs.writeFileSync(bench.folder.file(`${plane.name}.env`), renderPlan(own.env));
  const filter = plane.filter ? new Filter(own.env, wire, bench) : undefined;
  try {
    await filter?.attach();
    bench.progress(`${plane.name}: starting ${plane.receiver}`);
    const receiver = await Receiver.start(
      confine(wire.receiver, bench.build.program(plane.receiver), []), own.env, bench.folder.file(`${plane.name}.log`),
      bench.build.program('kb-stats'), bench.signal,
    );
    try {
      const run = await feed(plane, own, wire, receiver, bench);
      await receiver.finish();
      return run;
    } finally {
      await receiver.stop();
    }
  } finally {
    await filter?.detach();
  }
}

async function feed(plane: LabPlane, plan: LabPlan, wire: LabWire, receiver: Receiver, bench: Bench): Promise<LabRun> {
  const { options, signal } = bench;
  if (options.capture === undefined) { // a handler is to see a capture's messages alone, and once
    bench.progress(`${plane.name}: warming up`);
    await generate(generator(plan.env, wire, bench, WARM_UP_SECONDS), signal);
  }
  const before = { page: await receiver.whenQuiet(signal), wire: await wire.dropped(), cpu: receiver.cpu() };
  const generated = await generate(generator(plan.env, wire, bench, options.seconds), signal, (sent) => {
    bench.progress(`${plane.name}: ${Math.round(sent / options.rate)} of ${options.seconds} s, ${sent.toLocaleString('en-US')} sent`);
  });
  const cpu = receiver.cpu();
  const after = { page: await receiver.whenQuiet(signal), wire: await wire.dropped(), cpu };
  if (after.page.start !== before.page.start) {
    throw CommandError.retry(`${plane.name}: the receiver was replaced while it was measured`);
  }
  return report(plane, plan, options, generated, before, after);
}

/** The stats page, the wire's counters and the CPU time at one moment. */
interface Reading {
  readonly page: Snapshot;
  readonly wire: Causes;
  readonly cpu?: CpuSample;
}

function report(plane: LabPlane, plan: LabPlan, options: LabOptions, generated: Generated, before: Reading, after: Reading): LabRun {
  // What the wire itself dropped, the receiver cannot have booked: the two lists share no cause.
  const lost = { ...growth(after.page.lost, before.page.lost), ...growth(after.wire, before.wire) };
  const received = after.page.received - before.page.received;
  const [oneWay, receive] = [after.page.oneWay.minus(before.page.oneWay), after.page.receive.minus(before.page.receive)];
  return {
    plane: plane.plane,
    wire: plane.wire,
    mode: after.page.mode,
    handler: after.page.handler,
    rate: options.rate,
    rateAchieved: generated.achievedRate,
    size: options.size,
    seconds: options.seconds,
    ...ledger(generated.sent, received, lost, growth(after.page.ignored, before.page.ignored)),
    latencyNs: oneWay.percentiles(),
    receiveLatencyNs: receive.percentiles(),
    scheduleErrorNs: generated.scheduleErrorNs,
    cpuPercent: cpuOf(before.cpu, after.cpu, generated),
    overrides: plan.overrides,
    distributions: { latency: oneWay.buckets, receive: receive.buckets },
  };
}

function cpuOf(before: CpuSample | undefined, after: CpuSample | undefined, generated: Generated): CpuPercent {
  const share = (queueThread: boolean) => (before === undefined || after === undefined ? 0
    : cpuPercent(before, after, (thread) => thread.name.startsWith('kb-rx-') === queueThread));
  return { receiver: share(true), receiverMain: share(false), generator: generated.cpuPercent };
}

function generator(plan: Plan, wire: LabWire, bench: Bench, seconds: number): [string, string[]] {
  const [program, args, place] = wire.generator;
  const { address, port } = firstFlow(plan);
  const to = `${address === '*' ? plan.KB_DATA_IP : address}:${port}`;
  return confine(place, program, [
    ...args, '--to', to, ...load(bench.options, seconds), '--core', String(bench.cores.generator), '--progress', '--json', '-',
  ]);
}

function load({ capture, ownPace, rate, size }: LabOptions, seconds: number): string[] {
  const paced = ['--rate', String(rate)];
  return capture === undefined ? [...paced, '--size', String(size), '--seconds', String(seconds)] : ['--pcap', capture.file, ...(ownPace ? [] : paced)];
}

/** The XDP filter in front of the kernel's sockets, as the step xdp-filter attaches it on a host. */
class Filter {
  constructor(private readonly env: Plan, private readonly wire: LabWire, private readonly bench: Bench) {}

  async attach(): Promise<void> {
    const done = await this.kbXdp('attach');
    if (done.status !== 0) {
      throw CommandError.retry(`kb-xdp attach stopped with status ${done.status}: ${lastWords(done.stderr)}`);
    }
  }

  async detach(): Promise<void> {
    await this.kbXdp('detach'); // its namespace goes next, and the filter with it
  }

  private kbXdp(action: string) {
    const [program, args] = confine(this.wire.receiver, this.bench.build.program('kb-xdp'), [action]);
    return attempt(program, args, { env: { PATH: process.env.PATH, ...this.env } });
  }
}

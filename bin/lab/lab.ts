// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { DataPlaneBuild } from './build';
import { allowedCpus, chooseCores } from './cores';
import { describeEnvironment } from './environment';
import { HugePages } from './huge-pages';
import { Lock } from './lock';
import { Bench, measure } from './measure';
import { MemifWire } from './memif-wire';
import { checkSize } from './mtu';
import { LabOptions } from './options';
import { Plan, synthesisePlan } from './plan';
import { LabPlane } from './planes';
import { installPrerequisites } from './prerequisites';
import { LAB_STATEMENT, LabReport, LabRun, REPORT_SCHEMA } from './report';
import { RunFolder } from './run-folder';
import { run } from './shell';
import { Terminal } from './terminal';
import { Undo } from './undo';
import { VethWire } from './veth-wire';
import { LabWire } from './wire';

const NEEDS_ROOT = 'network namespaces, XDP programs and huge pages';

/** Runs the planes asked for, one after the other; whatever happens, `undo` can take everything back. */
export async function runLab(options: LabOptions, terminal: Terminal, undo: Undo, signal: AbortSignal): Promise<LabReport> {
  const root = process.getuid?.() === 0;
  const lock = await Lock.take();
  undo.add('lock', () => lock.release());
  const cores = chooseCores(allowedCpus());
  await installPrerequisites(terminal, root, signal);
  if (root) {
    (await RunFolder.removeLeftovers()).forEach((what) => terminal.say(`removed ${what}, left by a lab that was killed`));
  }
  const folder = RunFolder.create();
  undo.add(folder.root, () => (options.keep ? folder.unmount() : folder.remove()));
  const plans = await synthesise(options.planes, folder, terminal, signal);
  options.planes.forEach((plane, i) => checkSize(options, plane, plans[i]));
  const build = await DataPlaneBuild.make(programs(options.planes), options.handler ?? plans[0].KB_HANDLER, terminal, signal);
  if (!root) {
    throw CommandError.usage(`the data plane is built and the plans are synthesised, but the runs need root for ${NEEDS_ROOT}: run the lab with sudo`);
  }

  // The lab's own work must not be where a receiver spins; threads to come inherit it.
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', String(cores.housekeeping), String(process.pid)]);
  await folder.mountBpf();
  const needed = Math.max(...options.planes.map((plane, i) => (plane.hugePages ? hugePagesFor(plans[i], plane) : 0)));
  if (needed > 0) {
    undo.add('huge pages', () => folder.restoreHugePages());
    folder.provideHugePages(needed);
  }
  const bench: Bench = { options, cores, folder, build, signal, progress: (text) => terminal.progress(text) };
  const runs: LabRun[] = [];
  const errors: string[] = [];
  for (const [i, plane] of options.planes.entries()) {
    try {
      runs.push(await onWire(plane, plans[i], bench, undo));
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      errors.push(`${plane.name}: ${error.message}`); // the other planes still have something to say
    }
  }
  return { schema: REPORT_SCHEMA, statement: LAB_STATEMENT, environment: await describeEnvironment(cores), runs, errors };
}

/** One synthesis per data plane, side by side: two runs may share a plan. */
async function synthesise(planes: readonly LabPlane[], folder: RunFolder, terminal: Terminal, signal: AbortSignal): Promise<Plan[]> {
  const names = [...new Set(planes.map((plane) => plane.plane))];
  terminal.progress(`synthesising the demo app with -c dataPlane=${names.join(', ')}`);
  // Settled, not raced: when one fails, none may still be writing into a folder that is about to go.
  const settled = await Promise.allSettled(names.map((name) => synthesisePlan(name, folder.folder('cdk.out', name), signal)));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
  const plans = settled.map((one) => (one as PromiseFulfilledResult<Plan>).value);
  return planes.map((plane) => plans[names.indexOf(plane.plane)]);
}

/** Each run gets a wire of its own, so that none inherits an XDP program, a queue or a counter. */
async function onWire(plane: LabPlane, plan: Plan, bench: Bench, undo: Undo): Promise<LabRun> {
  const own = new Undo();
  if (!bench.options.keep) {
    undo.add(plane.name, async () => { await own.run(); });
  }
  const result = await measure(plane, plan, await makeWire(plane, plan, bench, own), bench);
  if (!bench.options.keep) {
    await own.run();
  }
  return result;
}

async function makeWire(plane: LabPlane, plan: Plan, bench: Bench, undo: Undo): Promise<LabWire> {
  return plane.wire === 'memif' ? new MemifWire(plane, plan, bench) : VethWire.create(plane, plan, bench, undo);
}

function programs(planes: readonly LabPlane[]): string[] {
  const needed = planes.flatMap((plane) => [plane.receiver, plane.wire === 'memif' ? 'kb-gen-dpdk' : 'kb-gen', ...(plane.filter ? ['kb-xdp'] : [])]);
  return ['kb-stats', ...new Set(needed)];
}

const MBUF_OVERHEAD = 512; // descriptor, headroom and alignment of a DPDK buffer
const EAL_BYTES = 32 * 2 ** 20; // rings, ports and what the allocator rounds up

/** What the plan's frames take, once in the receiver and, over memif, once in the generator. */
function hugePagesFor(plan: Plan, plane: LabPlane): number {
  const pool = Number(plan.KB_FRAMES) * (Number(plan.KB_MTU) + MBUF_OVERHEAD);
  const processes = plane.wire === 'memif' ? 2 : 1;
  return Math.ceil((processes * (pool + EAL_BYTES)) / (HugePages.ofDefaultSize().sizeKb * 1024));
}

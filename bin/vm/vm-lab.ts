// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { DataPlaneBuild } from '../lab/build';
import { PACKAGE_ROOT } from '../lab/package-root';
import { parsePlan } from '../lab/plan';
import { attempt, lastWords } from '../lab/shell';
import { Terminal } from '../lab/terminal';
import { probeAccelerator } from './accelerator';
import { alone } from './alone';
import { BREAKS } from './breaks';
import { Baking, GuestImage } from './guest-image';
import { Job } from './job';
import { debianMirror } from './mirror';
import { VmOptions } from './options';
import { PackageGateway } from './package-gateway';
import { POWER_CUTS } from './power-cuts';
import { checkPrerequisites } from './prerequisites';
import { Template } from './template';
import { VmReport } from './vm-report';

const APP = path.join(PACKAGE_ROOT, 'bin', 'vm', 'app.js');
const STACK = 'Demo';
const RUNS = path.join(PACKAGE_ROOT, '.cache', 'vm', 'runs');
const REBOOTS = 2; // the second boot differs from the first; the third must not differ from the second

/** Deploys a stack to a machine; the folder of the run stays when `report.findings` is not empty. */
export async function runVmLab(options: VmOptions, terminal: Terminal, signal: AbortSignal): Promise<{ report: VmReport; folder: string }> {
  checkPrerequisites();
  const say = (text: string) => terminal.say(text);
  fs.mkdirSync(RUNS, { recursive: true });
  const folder = fs.mkdtempSync(path.join(RUNS, `${options.breakage ?? options.plane}-`));
  const broken = options.breakage === undefined ? undefined : BREAKS[options.breakage];

  const sound = { dataPlane: options.plane, iommu: options.iommu ? 'on' : 'off' };
  const assembly = path.join(folder, 'cdk.out');
  await synthesise(assembly, { ...sound, ...broken?.context }, signal);
  const image = options.fromScratch
    ? await GuestImage.plain(broken?.faults?.fullDisk ?? false, { say, signal })
    : await bakedImage(path.join(folder, 'sound'), { ...sound, dataPlane: broken?.bakedFor ?? options.plane }, options.hostImage ? 'kb-bake' : 'install', signal, say);
  const build = await alone(path.join(RUNS, 'kb-gen'), () => DataPlaneBuild.make(['kb-gen'], 'count', terminal, signal));
  const packages = options.fromScratch && !broken?.faults?.noPackages ? await openGateway(folder) : undefined;

  const job: Job = {
    plane: options.plane,
    assembly,
    stackName: STACK,
    folder,
    image: { ...image },
    accelerator: await probeAccelerator(image.kernel),
    iommu: options.iommu,
    generator: build.program('kb-gen'),
    packages,
    faults: broken?.faults ?? {},
    expectedFailure: broken?.reason.source,
    bare: options.bare,
    firstBootIsLast: options.hostImage && !options.bare,
    reboots: options.reboot ? REBOOTS : 0,
    undo: options.undo,
    powerCutAt: options.powerCut === undefined ? undefined : POWER_CUTS[options.powerCut].at,
    keep: options.keep,
    timeoutSeconds: options.timeoutSeconds,
  };
  return { report: await inVpc(job, signal), folder };
}

/** What a run leaves behind when nothing went wrong: nothing. */
export function removeRun(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
}

/** As `cdk synth` would: the app writes its cloud assembly. */
async function synthesise(folder: string, context: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const done = await attempt(process.execPath, [APP], {
    cwd: PACKAGE_ROOT,
    env: { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) },
    signal,
  });
  if (done.status !== 0) {
    throw CommandError.usage(`the stack does not synthesise: ${lastWords(done.stderr)}`);
  }
}

/** Baked from the stack as it should be: what is wrong with this one shows when the host boots. */
async function bakedImage(
  folder: string, context: Readonly<Record<string, string>>, baking: Baking, signal: AbortSignal, say: (text: string) => void,
): Promise<GuestImage> {
  await synthesise(folder, context, signal);
  const template = Template.read(folder, STACK);
  const { userData } = template.launch('', '', ''); // account, region and handle do not matter to what is installed
  const asset = template.assets('', '').find(({ file }) => file.endsWith('.tar'));
  if (asset === undefined) {
    throw CommandError.usage('the stack has no host asset (a .tar file)');
  }
  return GuestImage.baked(baking, asset.file, parsePlan(userData), { say, signal });
}

async function openGateway(folder: string): Promise<{ socket: string; host: string }> {
  const site = await debianMirror();
  const mirror = site === undefined ? undefined : new URL(site);
  if (mirror?.protocol !== 'http:') {
    throw CommandError.usage(`a machine that installs from scratch needs a Debian mirror by http that this host uses too, got ${site ?? 'none'}`);
  }
  const socket = path.join(folder, 'packages.sock');
  (await PackageGateway.open(socket, mirror)).unref();
  return { socket, host: mirror.hostname };
}

/** Runs the job in a network namespace, and a process namespace whose first process takes all others with it. */
async function inVpc(job: Job, signal: AbortSignal): Promise<VmReport> {
  const jobFile = path.join(job.folder, 'job.json');
  const reportFile = path.join(job.folder, 'report.json');
  fs.writeFileSync(jobFile, JSON.stringify(job));
  const status = await new Promise<number>((resolve, reject) => {
    const child = spawn('unshare', [
      '--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc',
      process.execPath, path.join(PACKAGE_ROOT, 'bin', 'vm', 'inside.js'), jobFile, reportFile,
    ], { stdio: 'inherit' });
    const stop = () => child.kill('SIGKILL'); // unshare ignores every other; its end takes the machine with it
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    });
  });
  signal.throwIfAborted();
  if (!fs.existsSync(reportFile)) {
    throw status === 2 ? CommandError.usage('the deployment could not be set up') : CommandError.retry(`the deployment ended early with status ${status}; see ${job.folder}`);
  }
  return JSON.parse(fs.readFileSync(reportFile, 'utf8')) as VmReport;
}

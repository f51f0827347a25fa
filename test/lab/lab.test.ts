// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_BYTES, writeCapture } from '../../bin/bench/capture';
import { HugePages } from '../../bin/lab/huge-pages';
import { Network, RECEIVER, SENDER } from '../../bin/lab/network';
import { LAB_PLANES } from '../../bin/lab/planes';
import { LabReport, LabRun, runName } from '../../bin/lab/report';
import { Undo } from '../../bin/lab/undo';

// The acceptance test of the data plane: real packets, through the command a user types.
const ROOT = path.resolve(__dirname, '..', '..');
const root = process.getuid?.() === 0;
if (!root) {
  console.warn('the runs of the lab are skipped: they need root for network namespaces, XDP programs and huge pages');
}
const withRoot = root ? describe : describe.skip;
const MINUTE = 60_000;

/** Of all rings between the generator and a handler, the one of veth is the smallest: VETH_RING_SIZE of the kernel. */
const SMALLEST_RING = 256;
/** What is lost when a ring is full, wherever it is. */
const FULL_RINGS = ['socket_overflow', 'xsk_rx_ring_full', 'xsk_fill_ring_empty', 'nic_overrun', 'nic_dropped', 'nic_no_buffer', 'wire_dropped'];

jest.setTimeout(15 * MINUTE); // the first run builds the data plane, and the machine may be busy

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Lab {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  stderr = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [path.join(ROOT, 'bin', 'kb.js'), 'lab', ...args], { cwd: os.tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    this.child.stdout?.on('data', (text: Buffer) => { stdout += text.toString(); });
    this.child.stderr?.on('data', (text: Buffer) => { this.stderr += text.toString(); });
    this.end = new Promise((resolve) => this.child.on('close', (status) => resolve({ status: status ?? -1, stdout, stderr: this.stderr })));
  }

  /** Waits until the lab has said something. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.stderr)) {
      if (this.child.exitCode !== null) {
        throw new Error(`the lab ended without saying ${String(what)}: ${this.stderr}`);
      }
      await sleep(100);
    }
  }

  /** What is left of it on the machine. */
  leftovers(): string[] {
    const name = `kb-lab-${this.child.pid}`;
    const named = (folder: string) => (fs.existsSync(folder) ? fs.readdirSync(folder).filter((entry) => entry.startsWith(name)).map((entry) => path.join(folder, entry)) : []);
    const mounts = fs.readFileSync('/proc/mounts', 'utf8').split('\n').filter((line) => line.includes(name));
    const processes = fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environment(pid).includes(name));
    return [...named('/run/netns'), ...named('/dev/shm'), ...mounts, ...processes];
  }
}

/** The same capture with a datagram that no wire of the lab's carries. */
function jumbo(capture: string): string {
  const file = `${capture}.jumbo`;
  const bytes = fs.readFileSync(capture);
  bytes.writeUInt16BE(8028, 24 + 16 + 16); // the first datagram's IPv4 length
  fs.writeFileSync(file, bytes);
  return file;
}

function environment(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

/** Runs a lab to its end; one that somebody else runs goes first. */
async function runLab(...args: string[]): Promise<Ended & { lab: Lab }> {
  for (;;) {
    const lab = new Lab(...args);
    const ended = await lab.end;
    if (!ended.stderr.includes('another lab is running')) {
      return { ...ended, lab };
    }
    await sleep(2000);
  }
}

beforeAll(() => {
  execFileSync('npm', ['run', '--silent', 'build:bin'], { cwd: ROOT, stdio: 'ignore' });
});

describe('bad arguments', () => {
  test.each([
    [['--planes', 'onload'], "'--planes' must be one or more of kernel, xdp, afxdp, dpdk, dpdk-memif, got 'onload'"],
    [['--rate', '0'], "'--rate' must be a whole number of messages per second from 1 to 10000000, got '0'"],
    [['--size', '10'], "'--size' must be a whole number of bytes of UDP payload from 24 to 8972, got '10'"],
    [['--seconds', '0'], "'--seconds' must be a whole number of seconds from 1 to 86400, got '0'"],
  ])('%j end with one sentence and status 2, and leave nothing', async (args, sentence) => {
    const lab = new Lab(...args);
    expect(await lab.end).toEqual({ status: 2, stdout: '', stderr: `kb lab: ${sentence}\n` });
    expect(lab.leftovers()).toEqual([]);
  });
});

withRoot('the lab', () => {
  let folder: string;
  let pages: HugePages;
  let pagesBefore: number;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-lab-test-'));
    pages = HugePages.ofDefaultSize();
    await runLab('--planes', 'kernel', '--seconds', '1', '--rate', '1000'); // builds, and clears what a killed lab left
    pagesBefore = pages.total;
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function measured(...args: string[]): Promise<Ended & { report: LabReport }> {
    const file = path.join(folder, 'report.json');
    const ended = await runLab('--json', file, ...args);
    if (!fs.existsSync(file)) {
      throw new Error(`no report: ${ended.stderr}`);
    }
    const report = JSON.parse(fs.readFileSync(file, 'utf8')) as LabReport;
    fs.rmSync(file);
    return { ...ended, report };
  }

  const lostOf = (run: LabRun) => Object.values(run.lost).reduce((all, count) => all + count, 0);

  test('loses nothing on any plane at a modest rate', async () => {
    const html = path.join(folder, 'page.html');
    const { status, stdout, report } = await measured('--rate', '10000', '--seconds', '3', '--html', html);
    expect(report.errors).toEqual([]);
    expect(report.runs.map((run) => [runName(run), run.sent, run.received, run.lost, run.unexplained]))
      .toEqual(LAB_PLANES.map((plane) => [plane.name, 30_000, 30_000, {}, 0]));
    expect(status).toBe(0);
    expect(stdout).toContain('says nothing about microseconds on EC2');

    const page = fs.readFileSync(html, 'utf8');
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|https?:/);
    expect(page.match(/<svg/g)).toHaveLength(1 + LAB_PLANES.length);
    expect(page).toContain('says nothing about microseconds on EC2');
  });

  test('accounts at 100,000/s for every packet, and loses only where one had to wait', async () => {
    const { status, stderr, report } = await measured('--seconds', '3');
    expect(report.errors).toEqual([]);
    expect(report.runs.map((run) => [runName(run), run.sent, run.received + lostOf(run), run.unexplained]))
      .toEqual(LAB_PLANES.map((plane) => [plane.name, 300_000, 300_000, 0]));
    // Somebody else's work may take the cores for longer than a ring lasts. But a packet that finds a
    // ring full has one at its head which has waited for as long as the ring takes to fill: a loss
    // without such a wait, or such a wait all the time, is the plane's own.
    const fillsNs = (SMALLEST_RING / report.runs[0].rate) * 1e9;
    for (const run of report.runs) {
      expect(FULL_RINGS).toEqual(expect.arrayContaining(Object.keys(run.lost)));
      expect(lostOf(run) === 0 || run.latencyNs.max >= fillsNs).toBe(true);
      expect(run.latencyNs.p50).toBeLessThan(fillsNs);
    }
    const lossy = report.runs.filter((run) => lostOf(run) > 0);
    expect(status).toBe(lossy.length === 0 ? 0 : 1);
    lossy.forEach((run) => expect(stderr).toContain(`kb lab: ${runName(run)}: ${lostOf(run)} of 300000 packets were lost at 100000/s: `));
  });

  test('replays a capture on every plane, at its own pace and at another', async () => {
    const capture = path.join(folder, 'feed.pcap');
    writeCapture(capture, 2000, SENDER.mac, RECEIVER.mac);
    const bytes = fs.readFileSync(capture);
    for (let i = 0; i < 2000; i++) {
      bytes.writeUInt32LE(i * 500, 24 + i * (16 + FRAME_BYTES) + 4); // microseconds: 2000/s
    }
    fs.writeFileSync(capture, bytes);
    for (const [rate, args] of [[2000, []], [4000, ['--rate', '4000']]] as const) {
      const { status, report } = await measured('--pcap', capture, ...args);
      expect(report.errors).toEqual([]);
      expect(report.runs.map((run) => [runName(run), run.rate, run.size, run.sent, run.received, run.lost, run.unexplained]))
        .toEqual(LAB_PLANES.map((plane) => [plane.name, rate, FRAME_BYTES - 42, 2000, 2000, {}, 0]));
      expect(status).toBe(0);
    }
    const { status, stderr } = await runLab('--planes', 'dpdk-memif', '--pcap', jumbo(capture));
    expect(stderr).toContain("The datagrams of '--pcap' must be at most 1472 on dpdk-memif, an MTU of 1500 less 28 bytes of headers, got 8000");
    expect(status).toBe(2);
  });

  test('reports what ran: schema, mode in force, latency, CPU, overrides and environment', async () => {
    const { report } = await measured('--planes', 'afxdp', '--rate', '20000', '--seconds', '2');
    const percentiles = expect.objectContaining(Object.fromEntries(['p50', 'p90', 'p99', 'p999', 'max'].map((key) => [key, expect.any(Number)]))) as object;
    expect(report).toMatchObject({
      schema: 1,
      environment: {
        date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/) as string, commit: expect.stringMatching(/^[0-9a-f]{40}/) as string,
        kernel: os.release(), cpus: os.cpus().length, clocksource: expect.any(String) as string,
        versions: { node: process.versions.node, dpdk: expect.stringMatching(/^\d+\./) as string, libxdp: expect.stringMatching(/^\d+\./) as string },
      },
      runs: [{
        plane: 'afxdp', wire: 'veth', mode: { driver: 'veth', xdp: 'native', copy: 'copy' }, handler: 'count',
        rate: 20_000, size: 288, seconds: 2, sent: 40_000, received: 40_000, lost: {}, unexplained: 0,
        latencyNs: percentiles, receiveLatencyNs: percentiles, scheduleErrorNs: { p50: expect.any(Number) as number },
        cpuPercent: { receiver: expect.any(Number) as number, receiverMain: expect.any(Number) as number, generator: expect.any(Number) as number },
      }],
    });
    const [run] = report.runs;
    expect(run.latencyNs.count).toBe(40_000);
    expect(run.latencyNs.p50).toBeGreaterThan(0);
    expect(run.latencyNs.max).toBeGreaterThanOrEqual(run.latencyNs.p999);
    expect(run.cpuPercent.receiver).toBeGreaterThan(0);
    expect(run.overrides).toContainEqual({ key: 'KB_ZERO_COPY', planned: 'require', lab: 'auto', why: 'veth has no zero-copy' });
  });

  test('explains every packet that a bad handler and a full ring lose', async () => {
    const { status, stderr, report } = await measured('--handler', path.join(__dirname, 'handlers', 'awkward'), '--seconds', '2');
    expect(report.errors).toEqual([]);
    expect(report.runs.map((run) => [runName(run), run.handler, run.unexplained])).toEqual(LAB_PLANES.map((plane) => [plane.name, 'awkward', 0]));
    for (const run of report.runs) {
      expect(run.lost.handler).toBeGreaterThan(0);
      expect(run.received + lostOf(run)).toBe(run.sent);
    }
    const lost = Object.fromEntries(report.runs.map((run) => [runName(run), Object.keys(run.lost)]));
    expect(lost).toMatchObject({ 'afxdp': expect.arrayContaining(['xsk_rx_ring_full']) as string[], 'dpdk': expect.arrayContaining(['nic_overrun']) as string[] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/kb lab: afxdp: \d+ of \d+ packets were lost at 100000\/s: .*handler \d+/);
  });

  test('runs the example of HANDLERS.md on every plane, which refuses what is no MoldUDP64', async () => {
    const example = path.join(ROOT, 'assets', 'dataplane', 'examples', 'itch');
    const { status, report } = await measured('--handler', example, '--seconds', '1', '--rate', '5000');
    expect(report.errors).toEqual([]);
    expect(report.runs.map((run) => [runName(run), run.handler, run.received, run.lost, run.unexplained]))
      .toEqual(LAB_PLANES.map((plane) => [plane.name, 'itch', 0, { handler: 5000 }, 0]));
    expect(status).toBe(1);
  });

  test('says where a handler does not compile', async () => {
    const broken = fs.mkdtempSync(path.join(folder, 'broken-'));
    fs.writeFileSync(path.join(broken, 'kb_handler.c'), '#include "kb/handler.h"\nint oops\n');
    const ended = await runLab('--planes', 'kernel', '--handler', broken);
    expect(ended.stderr).toMatch(/the data plane does not build .*kb_handler\.c:2:\d+: error:/);
    expect(ended.status).toBe(2);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind on %s', async (signal) => {
    const lab = new Lab('--planes', 'dpdk', '--seconds', '60', '--rate', '1000');
    await lab.says(/dpdk: 1 of 60 s/);
    expect(lab.leftovers().length).toBeGreaterThan(3); // two namespaces, a folder, a receiver: else this test sees nothing
    lab.child.kill(signal);
    const ended = await lab.end;
    expect(ended.stderr).toContain(`kb lab: interrupted by ${signal}`);
    expect(ended.status).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(lab.leftovers()).toEqual([]);
    expect(pages.total).toBe(pagesBefore);
  });

  test('ends its programs when it is killed, and the next lab takes away the rest', async () => {
    const killed = new Lab('--planes', 'xdp', '--seconds', '60', '--rate', '1000');
    await killed.says(/xdp: 1 of 60 s/);
    const second = await new Lab('--planes', 'kernel').end;
    expect(second).toMatchObject({ status: 1, stderr: `kb lab: another lab is running (process ${killed.child.pid}); wait for it to end, or end it\n` });
    killed.child.kill('SIGKILL');
    await killed.end;
    await sleep(500); // the kernel ends the programs and takes their memory back
    expect(killed.leftovers().filter((left) => /^\d+$/.test(left))).toEqual([]);
    expect(killed.leftovers()).not.toEqual([]);
    const next = await runLab('--planes', 'kernel', '--seconds', '1', '--rate', '1000');
    expect(next.stderr).toContain(`removed namespace kb-lab-${killed.child.pid}-xdp-rx, left by a lab that was killed`);
    expect(next.status).toBe(0);
    expect(killed.leftovers()).toEqual([]);
    expect(pages.total).toBe(pagesBefore);
  });

  test('without root builds what it can and says what needs it', () => {
    const mayUseTheClone = '+dac_override,+dac_read_search'; // which may be in root's home
    const ended = spawnSync('setpriv', [
      '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps', mayUseTheClone, '--ambient-caps', mayUseTheClone,
      process.execPath, path.join(ROOT, 'bin', 'kb.js'), 'lab',
    ], { encoding: 'utf8', env: { ...process.env, HOME: os.tmpdir() } });
    expect(ended.stderr).toMatch(/kb lab: .*run the lab with sudo/);
    expect(ended.status).toBe(2);
  });

  test('refuses a port that somebody else listens on', async () => {
    const undo = new Undo();
    const network = await Network.create('test', 1500, undo, new AbortController().signal);
    const holder = spawn('nsenter', [`--net=/run/netns/${network.rx.namespace}`, '--', process.execPath, '-e',
      "const socket = require('node:dgram').createSocket('udp4'); socket.bind(9000, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      await expect(network.checkPortFree(9001)).resolves.toBeUndefined();
      await expect(network.checkPortFree(9000)).rejects.toThrow(`UDP port 9000 of the plan's flows is in use in namespace ${network.rx.namespace}`);
    } finally {
      holder.kill();
      expect(await undo.run()).toEqual([]);
    }
  });

  test('--keep leaves plan and log to look at, until the next lab', async () => {
    const { lab, status, stderr } = await runLab('--planes', 'kernel', '--seconds', '1', '--rate', '1000', '--keep');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const kept = `/dev/shm/kb-lab-${lab.child.pid}`;
    expect(fs.readFileSync(`${kept}/kernel.env`, 'utf8')).toContain('KB_PLANE="kernel"');
    expect(fs.readFileSync(`${kept}/kernel.log`, 'utf8')).toContain('KB_PLANE="kernel"');
    await runLab('--planes', 'kernel', '--seconds', '1', '--rate', '1000');
    expect(lab.leftovers()).toEqual([]);
  });
});

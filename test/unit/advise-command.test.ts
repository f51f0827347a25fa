// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { advise } from '../../bin/commands/advise';
import { LAB_STATEMENT } from '../../bin/lab/report';
import { sampleReport, sampleRun } from '../lab/sample-report';

/** Runs `kb advise` and keeps what it prints. */
async function run(text: string): Promise<{ status: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  const write = jest.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    printed.out += chunk.toString();
    return true;
  });
  const error = jest.spyOn(console, 'error').mockImplementation((line: string) => {
    printed.err += `${line}\n`;
  });
  try {
    return { status: await advise.run(text.split(' ').filter(word => word !== '')), ...printed };
  } finally {
    write.mockRestore();
    error.mockRestore();
  }
}

test.each([
  ['--pps 150000 --p99 50us', 'AF_XDP with an eBPF filter'],
  ['--pps 150k --p99 0.05ms', 'AF_XDP with an eBPF filter'],
  ['--pps 200000 --p99 40us', 'DPDK'],
  ['--pps 0.2M --p99 40000ns', 'DPDK'],
  ['--pps 80000 --p99 80us', 'kernel sockets, tuned'],
  ['--pps 80000 --p99 80µs', 'kernel sockets, tuned'],
  ['--pps 1000 --multicast-replication', 'DPDK'],
  ['--pps 1000 --custom-protocol', 'AF_XDP'],
  ['--pps 900000 --simplicity', 'kernel sockets, tuned'],
  ['--pps 1000 --filter-only', 'kernel sockets behind an XDP filter'],
  ['--pps 1000 --zero-copy', 'AF_XDP'],
])('%s', async (args, firstLine) => {
  const { status, out } = await run(args);
  expect([status, out.split('\n')[0]]).toEqual([0, firstLine]);
});

test('tells why, what speaks against it and what else would do', async () => {
  const { out } = await run('--pps 800000 --p99 20us --tech afxdp');
  expect(out).toMatch(/^DPDK\n\nWhy\n {2}- above 500 k .*\n\nWhat speaks against it\n {2}- the published p99 of DPDK is 28 µs.*\n {2}- you had AF_XDP in mind/);
});

test('says no to Onload, and why', async () => {
  const { status, out } = await run('--tech onload');
  expect(status).toBe(0);
  expect(out).toMatch(/^no: Onload is not supported on ENA: .*;\nuse DPDK, AF_XDP or tuned kernel sockets\.\n$/);
});

test('--json', async () => {
  const { out } = await run('--pps 150000 --p99 50us --json');
  expect(JSON.parse(out)).toMatchObject({ dataPlane: 'afxdp', xdpFilter: true, contradictions: [] });
  expect(JSON.parse((await run('--tech onload --json')).out)).toMatchObject({ supported: false });
});

describe('--report', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-advise-'));
  const file = path.join(folder, 'report.json');
  const measured = (plane: string, p99Micros: number, more = {}) =>
    sampleRun({ plane, latencyNs: { ...sampleRun().latencyNs, p99: p99Micros * 1000 }, ...more });
  const write = (...runs: ReturnType<typeof sampleRun>[]) => fs.writeFileSync(file, JSON.stringify(sampleReport(...runs)));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test.each([
    ['slower AF_XDP than published', '--pps 150000 --p99 50us', [measured('afxdp', 60), measured('dpdk', 30)], 'DPDK'],
    ['faster AF_XDP than published', '--pps 200000 --p99 40us', [measured('afxdp', 12)], 'AF_XDP'],
    ['kernel sockets that meet a target below 50 µs', '--pps 80000 --p99 40us', [measured('kernel', 35)], 'kernel sockets, tuned'],
    ['kernel sockets that miss a target above 50 µs', '--pps 80000 --p99 80us', [measured('kernel', 90)], 'AF_XDP'],
    ['another wire, which does not count', '--pps 200000 --p99 40us', [measured('afxdp', 39), measured('dpdk', 1), measured('afxdp', 1, { wire: 'memif' })], 'DPDK'],
  ])('%s', async (_, args, runs, firstLine) => {
    write(...runs);
    const { status, out } = await run(`${args} --report ${file}`);
    expect([status, out.split('\n')[0]]).toEqual([0, firstLine]);
  });

  test('is named, with what it is worth, and what it does not cover', async () => {
    write(measured('dpdk', 30));
    const { out } = await run(`--pps 800000 --p99 20us --report ${file}`);
    expect(out).toContain('  - the measured p99 of DPDK is 30 µs, not below the target of 20 µs\n');
    expect(out).toContain('  - DPDK was measured at 100 k packets/s only, not at your 800 k packets/s\n');
    expect(out).toMatch(`\nThe figures are those of '${file}', and published ones for planes it has no run of. ${LAB_STATEMENT}\n`);
  });

  test.each([
    ['a run that lost packets', () => write(measured('afxdp', 10, { received: 499_999, lost: { socket_overflow: 1 } })),
      'has runs that failed, whose latency is that of the packets that arrived: afxdp: 1 of 500000 packets were lost at 100000/s: socket_overflow 1'],
    ['no run of a plane', () => write(), 'has no run of kernel, xdp, afxdp, dpdk'],
    ['something else', () => fs.writeFileSync(file, '{}'), 'must be a report with "schema": 1, as \'kb lab --json\' writes it; got schema undefined'],
    ['no file', () => fs.rmSync(file), 'cannot be read as a report: ENOENT'],
  ])('refuses %s', async (_, prepare, message) => {
    prepare();
    const { status, out, err } = await run(`--pps 150000 --report ${file}`);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(`kb advise: '${file}' ${message}`);
  });
});

test('--help', async () => {
  const { status, out } = await run('--help');
  expect(status).toBe(0);
  expect(out).toMatch(/^usage: kb advise --pps RATE/);
});

test.each([
  ['', "kb advise: '--pps' is needed: the packets per second at the peak, such as 150000; see --help\n"],
  ['--pps abc', "kb advise: '--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got 'abc'\n"],
  ['--pps 0', "kb advise: '--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got '0'\n"],
  ['--pps=-5', "kb advise: '--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got '-5'\n"],
  ['--pps 1e5', "kb advise: '--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got '1e5'\n"],
  ['--pps 9999999M', "kb advise: '--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got '9999999M'\n"],
  ['--pps 1000 --p99 50', "kb advise: '--p99' must be a time up to one second such as 50us or 0.05ms, got '50'\n"],
  ['--pps 1000 --p99 0us', "kb advise: '--p99' must be a time up to one second such as 50us or 0.05ms, got '0us'\n"],
  ['--pps 1000 --p99 2000ms', "kb advise: '--p99' must be a time up to one second such as 50us or 0.05ms, got '2000ms'\n"],
  ['--pps 1000 --tech rdma', "kb advise: '--tech' must be one of kernel, xdp, afxdp, dpdk, onload, got 'rdma'\n"],
  ['--pps 1000 --fast', "kb advise: unknown option '--fast'; see --help\n"],
  ['--pps -5', "kb advise: '--pps' needs a value, and one that begins with a dash is written '--pps=-5'; see --help\n"],
  ['--p99 --json', "kb advise: '--p99' needs a value; see --help\n"],
  ['--pps', "kb advise: '--pps' needs a value; see --help\n"],
])('refuses %j', async (args, message) => {
  expect(await run(args)).toEqual({ status: 2, out: '', err: message });
});

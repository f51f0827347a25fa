// SPDX-License-Identifier: Apache-2.0
import { advise } from '../../bin/commands/advise';

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
])('refuses %j', async (args, message) => {
  expect(await run(args)).toEqual({ status: 2, out: '', err: message });
});

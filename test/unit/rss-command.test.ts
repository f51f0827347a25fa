// SPDX-License-Identifier: Apache-2.0
import { rss } from '../../bin/commands/rss';
import { MICROSOFT_KEY } from '../../lib/private/toeplitz';
import type { RssPlan } from '../../lib/rss-plan';

const flow = (port: number) => ['--flow', `10.0.0.1:${port}-10.1.0.2:9000`];
const four = [1000, 1001, 1002, 1003].flatMap(flow);
let out: string;
let err: string;

beforeEach(() => {
  out = err = '';
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
});

afterEach(() => jest.restoreAllMocks());

test('prints where each flow lands and the commands', async () => {
  expect(await rss.run(['--queues', '4', '--cores', '2-5', '--interface', 'ens6', ...four])).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/^from +to +hash +entry +default queue +queue +core$/);
  expect(lines.slice(1, 5).map((line) => line.split(/\s+/)[0])).toEqual(['10.0.0.1:1000', '10.0.0.1:1001', '10.0.0.1:1002', '10.0.0.1:1003']);
  expect(new Set(lines.slice(1, 5).map((line) => line.split(/\s+/)[6]))).toEqual(new Set(['2', '3', '4', '5']));
  expect(out).toContain('1 1 1 1 planned');
  expect(out).toContain(`ethtool -X ens6 hfunc toeplitz hkey ${MICROSOFT_KEY}`);
  expect(out).toMatch(/^ethtool -X ens6 weight \d+ \d+ \d+ \d+$/m);
  expect(out).not.toContain('steer');
});

test('prints the table for DPDK', async () => {
  expect(await rss.run(['--queues', '4', '--hash', 'dpdk', '--type', 'c7gn.16xlarge', ...four])).toBe(0);
  expect(out).not.toContain('ethtool -X');
  expect(out.match(/^ +\d+:( +\d+){16}$/gm)).toHaveLength(8);
  expect(out).toContain(`key (rte_eth_dev_rss_hash_update): ${MICROSOFT_KEY}`);
});

test('offers a steering rule where the card has them', async () => {
  expect(await rss.run(['--queues', '4', '--type', 'c8in.32xlarge', ...four])).toBe(0);
  expect(out).toMatch(/ethtool -N eth1 flow-type udp4 src-ip 10.0.0.1 src-port 1000 dst-ip 10.1.0.2 dst-port 9000 action \d loc 0/);
  out = '';
  expect(await rss.run(['--queues', '4', '--type', 'c6in.32xlarge', ...four])).toBe(0);
  expect(out).not.toContain('ethtool -N');
});

test('gives the plan as JSON', async () => {
  expect(await rss.run(['--queues', '4', '--cores', '2-5', '--type', 'c6in.32xlarge', '--json', ...four])).toBe(0);
  const plan = JSON.parse(out) as RssPlan & { commands: string[] };
  expect(plan).toMatchObject({ hash: 'linux', key: MICROSOFT_KEY, flowsPerQueue: [1, 1, 1, 1], steering: false });
  expect(plan.indirectionTable).toHaveLength(128);
  expect(plan.placements[0]).toMatchObject({ flow: { sourceAddress: '10.0.0.1', sourcePort: 1000, destinationPort: 9000 } });
  expect(plan.commands).toHaveLength(2);
  expect(Object.keys(plan).sort()).toEqual(['commands', 'defaultFlowsPerQueue', 'flowsPerQueue', 'hash', 'indirectionTable', 'key', 'notes', 'placements', 'steering']);
});

test.each<[string[], string]>([
  [[], "'--queues' must be between 1 and 128, got ''"],
  [['--queues', '0', ...four], "'--queues' must be between 1 and 128, got '0'"],
  [['--queues', '64', '--type', 'c6in.32xlarge', ...four], "'--queues' must be between 1 and 32 on c6in.32xlarge, got '64'"],
  [['--queues', '2', '--type', 'c6in.31xlarge', ...four], "'--type' must be an instance type that 'kb instances' lists, got 'c6in.31xlarge'"],
  [['--queues', '2'], "'--flow' must name at least one flow"],
  [['--queues', '2', '--flow', '10.0.0.1-10.0.0.2'], "'--flow' must be SOURCE:PORT-DESTINATION:PORT such as 10.0.0.1:1000-10.1.0.2:9000, got '10.0.0.1-10.0.0.2'"],
  [['--queues', '2', '--flow', '10.0.0.1:1-10.0.0.999:2'], "a flow's addresses must be IPv4 such as 10.0.0.1, got '10.0.0.999' in 10.0.0.1:1-10.0.0.999:2"],
  [['--queues', '2', ...flow(1), ...flow(1)], "'--flow' has 10.0.0.1:1-10.1.0.2:9000 twice"],
  [['--queues', '2', '--cores', '2-5', ...four], "'--cores' must name one CPU for each of the 2 queues, got 4 ('2-5')"],
  [['--queues', '2', '--hash', 'xdp', ...four], "'--hash' must be one of linux, dpdk, fixed-key, got 'xdp'"],
  [['--queues', '2', '--key', '00', ...four], "'--key' must be 40 bytes in hexadecimal such as 6d:5a:56:da:..., got '00'"],
  [['--queue', '2', ...four], "unknown option '--queue'; see --help"],
])('%j is refused', async (args, message) => {
  expect(await rss.run(args)).toBe(2);
  expect(err).toBe(`kb rss: ${message}\n`);
  expect(out).toBe('');
});

test('--help needs nothing else', async () => {
  expect(await rss.run(['--help'])).toBe(0);
  expect(out).toMatch(/^usage: kb rss/);
});

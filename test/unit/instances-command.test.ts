// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeInstanceTypesCommand, EC2Client, InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { instances } from '../../bin/commands/instances';
import { FAMILIES } from '../../bin/instances/families';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';

const recorded = join(__dirname, 'fixtures', 'describe-instance-types.json');
const ec2 = mockClient(EC2Client);
let folder: string;
let out: string[];
let err: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kb-instances-'));
  out = [];
  err = [];
  jest.spyOn(console, 'log').mockImplementation((text: string) => void out.push(text));
  jest.spyOn(console, 'error').mockImplementation((text: string) => void err.push(text));
  ec2.reset();
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('lists one type', async () => {
  expect(await instances.run(['--type', 'c6in.32xlarge'])).toBe(0);
  const [head, line, ...rest] = out[0].split('\n');
  expect(rest).toEqual([]);
  expect(head.split(/\s+/)).toContain('Nitro');
  expect(line.split(/\s+/)).toEqual(['c6in.32xlarge', '128', '64', '256', '2', '200', '2', '16', '32', 'v4', '-', '-', 'yes', '7.258']);
});

test('gives a family as JSON', async () => {
  expect(await instances.run(['--type', 'c7gn', '--json'])).toBe(0);
  const { instances: list } = JSON.parse(out.join('')) as { instances: { type: string }[] };
  expect(list).toHaveLength(INSTANCE_TABLE.filter(([type]) => type.startsWith('c7gn.')).length);
  expect(list.find((item) => item.type === 'c7gn.16xlarge')).toMatchObject({
    vcpus: 64, architecture: 'arm64', flowSteering: true, validThreadsPerCore: [1], networkCards: [{ enis: 15, maxQueues: 480 }],
  });
});

test.each<[string[], RegExp]>([
  [['--type', 'c6in.31xlarge'], /'c6in.31xlarge' is not in the table of \d{4}-\d\d-\d\d, which has the families c5n/],
  [['--from', recorded], /'--from' is only for --regenerate/],
  [['--tpye', 'c6in'], /unknown option '--tpye'.*see --help/],
  [['c6in'], /unexpected argument 'c6in'/],
  [['--regenerate', '--out', '/dev/null', '--json'], /'--type' and '--json' show the table/],
  [['--regenerate', '--out', '/dev/null', '--from', '/does/not/exist'], /'--from' must be a file that can be read, got '\/does\/not\/exist'/],
  [['--regenerate', '--out', '/dev/null', '--from', recorded], /'--date' must be the day of the saved answer.*got ''/],
  [['--regenerate', '--out', '/dev/null', '--from', recorded, '--date', 'today'], /got 'today'/],
  [['--regenerate', '--out', '/dev/null', '--from', recorded, '--date', '2026-10-27'], /'--source' must say/],
  [['--regenerate', '--out', '/dev/null', '--from', __filename, '--date', '2026-10-27', '--source', 'x'], /is not JSON/],
  [['--regenerate', '--out', '/dev/null', '--from', join(__dirname, '../../package.json'), '--date', '2026-10-27', '--source', 'x'], /it has no InstanceTypes/],
  [['--regenerate', '--out', '/dev/null', '--prices', recorded], /must have a "date"/],
])('%p is refused', async (args, message) => {
  expect(await instances.run(args)).toBe(2);
  expect(err.join('\n')).toMatch(message);
  expect(err[0]).toMatch(/^kb instances: /);
});

test('regenerates from a saved answer, with the prices given', async () => {
  const file = join(folder, 'table.ts');
  const prices = join(folder, 'prices.json');
  writeFileSync(prices, JSON.stringify({ date: '2026-07-20', usdPerHour: { 'c6in.32xlarge': 8 } }));
  const args = ['--regenerate', '--from', recorded, '--date', '2026-10-27', '--source', 'a test', '--prices', prices, '--out', file];
  expect(await instances.run(args)).toBe(0);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('from a test, 2026-10-27.');
  expect(text).toMatch(/\['c6in.32xlarge', .*, 8\],/);
  expect(text).not.toContain('t3.large');
  expect(out.join()).toContain('9 types, 8 without a price');
  expect(err.join()).toMatch(/no answer for the families c5n/);
});

test('regenerates from EC2, page by page, and keeps the prices', async () => {
  const { InstanceTypes } = JSON.parse(readFileSync(recorded, 'utf8')) as { InstanceTypes: InstanceTypeInfo[] };
  ec2.on(DescribeInstanceTypesCommand)
    .resolvesOnce({ InstanceTypes: InstanceTypes.slice(0, 4), NextToken: 'more' })
    .resolvesOnce({ InstanceTypes: InstanceTypes.slice(4) });
  const file = join(folder, 'table.ts');
  expect(await instances.run(['--regenerate', '--region', 'eu-west-1', '--out', file])).toBe(0);
  const calls = ec2.commandCalls(DescribeInstanceTypesCommand);
  expect(calls).toHaveLength(2);
  expect(calls[0].args[0].input.Filters).toEqual([{ Name: 'instance-type', Values: [...FAMILIES.keys()].map((name) => `${name}.*`) }]);
  expect(calls[1].args[0].input.NextToken).toBe('more');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('DescribeInstanceTypes in eu-west-1');
  expect(text).toMatch(/\['c6in.32xlarge', .*, 7.2576\],/);
});

test('says so when AWS denies the call', async () => {
  const denied = Object.assign(new Error('You are not authorized to perform this operation.'), { name: 'UnauthorizedOperation' });
  ec2.on(DescribeInstanceTypesCommand).rejects(denied);
  expect(await instances.run(['--regenerate', '--out', join(folder, 'table.ts')])).toBe(1);
  expect(err).toEqual(['kb instances: AWS denies the call (You are not authorized to perform this operation)']);
});

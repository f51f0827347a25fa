// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { alternate } from '../../bin/bench/alternate';
import { FRAME_BYTES, writeCapture } from '../../bin/bench/capture';
import { finding } from '../../bin/bench/finding';
import { median } from '../../bin/bench/median';
import { BenchOptions, parseBenchOptions } from '../../bin/bench/options';
import { perCpuSecond } from '../../bin/bench/reading';
import { benchFailures, BenchReport, benchTable } from '../../bin/bench/report';
import { sideBySide } from '../../bin/bench/side-by-side';

const side = (name: string, ...samples: number[]) => ({ name, samples });
const about = { comparison: 'dpdk', metric: 'frames', unit: 'packets per second' };

describe('a finding', () => {
  test.each([
    [{ atLeast: 0.9 }, 0.9, true],
    [{ atLeast: 0.9 }, 0.885, true], // within what two runs of one program differ by
    [{ atLeast: 0.9 }, 0.87, false],
    [{ atMost: 1.25 }, 1.27, true],
    [{ atMost: 1.25 }, 1.3, false],
  ])('target %j with a ratio of %d is met: %s', (target, ratio, met) => {
    expect(finding({ ...about, target }, side('ours', ratio * 100), side('peer', 100)).met).toBe(met);
  });

  test('an instruction count has no scatter', () => {
    const counted = { ...about, target: { atMost: 1.03 }, scatter: 0 };
    expect(finding(counted, side('now', 103), side('budget', 100)).met).toBe(true);
    expect(finding(counted, side('now', 103.5), side('budget', 100)).met).toBe(false);
  });

  test('of pairs, each two are compared: a slow round is slow for both', () => {
    const pairs = [side('ours', 90, 9, 80), side('peer', 100, 10, 100)] as const;
    expect(finding({ ...about, pairs: true }, ...pairs).ratio).toBe(0.9);
    expect(finding(about, ...pairs).ratio).toBe(0.8);
  });

  test('without a number there is no success', () => {
    expect(finding({ ...about, target: { atMost: 1.03 } }, side('now', 5), side('budget', NaN)).met).toBe(false);
  });

  test('a missed target is a failure, and stands in the table', () => {
    const missed = finding({ ...about, target: { atLeast: 0.9 } }, side('ours', 50), side('peer', 100));
    const report = { findings: [missed], errors: ['kernel: sockperf gave no percentiles'] } as unknown as BenchReport;
    expect(benchFailures(report)).toEqual([
      'kernel: sockperf gave no percentiles', 'dpdk: frames is 0.50 of peer, the target is >= 0.9',
    ]);
    expect(benchTable(report)).toMatch(/dpdk .* 0\.50 +>= 0\.9 +MISSED/);
  });
});

test('the median of an even number of samples is between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
});

test('sides are measured in turn, not one after the other', async () => {
  const order: string[] = [];
  const measure = (name: string) => () => Promise.resolve(order.push(name));
  expect(await alternate(2, [measure('a'), measure('b')], () => undefined)).toEqual([[1, 3], [2, 4]]);
  expect(order).toEqual(['a', 'b', 'a', 'b']);
});

describe('side by side', () => {
  const counting = (name: string, did: string[]) => () => {
    did.push(`start ${name}`);
    let packets = 0;
    return Promise.resolve({
      read: () => Promise.resolve({ packets: packets += 5, cpuNs: packets * 1e8, wallNs: 0 }),
      stop: () => Promise.resolve(did.push(`stop ${name}`)),
    });
  };

  test('all run before any is measured, in turn from either end, and all are ended', async () => {
    const did: string[] = [];
    const samples = await sideBySide(2, 0, [counting('a', did), counting('b', did)], perCpuSecond, () => undefined);
    expect(samples).toEqual([[10, 10], [10, 10]]);
    expect(did).toEqual(['start a', 'start b', 'stop a', 'stop b', 'start b', 'start a', 'stop a', 'stop b']);
  });

  test('one that does not start leaves none behind', async () => {
    const did: string[] = [];
    const fails = () => Promise.reject(new Error('no memory'));
    await expect(sideBySide(1, 0, [counting('a', did), fails], perCpuSecond, () => undefined)).rejects.toThrow('no memory');
    expect(did).toEqual(['start a', 'stop a']);
  });
});

test('a capture rises, and leaps at its end so that playing it again is a feed that starts over', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'kb-bench-')), 'feed.pcap');
  writeCapture(file, 4, '02:00:00:00:00:01', '02:00:00:00:00:02');
  const bytes = fs.readFileSync(file);
  const frames = [0, 1, 2, 3].map((i) => bytes.subarray(24 + i * (16 + FRAME_BYTES) + 16).subarray(0, FRAME_BYTES));
  expect(bytes.length).toBe(24 + 4 * (16 + FRAME_BYTES));
  expect(frames.map((frame) => frame.readBigUInt64LE(50))).toEqual([0n, 1n, 2n + (1n << 21n), 3n + (1n << 21n)]);
  expect(frames.map((frame) => [frame.readUInt16BE(16), frame.readUInt16BE(38)])).toEqual(Array(4).fill([274, 254]));
});

describe('bench options', () => {
  const parsed = (...args: string[]) => parseBenchOptions(args) as BenchOptions;

  test('the peers are measured by default, the slow questions by name', () => {
    expect(parsed().comparisons.map(({ name }) => name)).toEqual(['dpdk', 'afxdp', 'kernel', 'latency', 'fanout']);
    expect(parsed('--instructions', '--check').comparisons.map(({ name }) => name)).toEqual(['instructions']);
    expect(parsed('--only', 'kernel,dpdk', '--synth').comparisons.map(({ name }) => name)).toEqual(['dpdk', 'kernel', 'synth']);
  });

  test('another build of a peer', () => {
    expect(parsed('--peer', `testpmd=${process.execPath}`).peers).toMatchObject({ testpmd: process.execPath, sockperf: 'sockperf' });
  });

  test.each([
    [['--only', 'onload'], /'--only' must be one or more of dpdk, .*, got 'onload'/],
    [['--rounds', '0'], /'--rounds' must be a whole number from 1 to 99, got '0'/],
    [['--seconds', '1.5'], /'--seconds' .* got '1.5'/],
    [['--peer', 'iperf=/bin/true'], /'--peer' must be NAME=PATH with one of testpmd, sockperf, trafgen, got 'iperf=\/bin\/true'/],
    [['--peer', 'testpmd=/nowhere'], /'--peer' must name a program that can be run, got '\/nowhere'/],
    [['--check'], /'--check' is about instructions: add --instructions/],
    [['--instructions', '--check', '--update'], /give one of them/],
    [['--json', '/nowhere/at/all'], /'--json' must be in a folder that exists/],
  ])('%j is refused', (args, message) => {
    expect(() => parseBenchOptions(args)).toThrow(message);
  });
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { allowedCpus, chooseCores, parseCpuList } from '../../bin/lab/cores';
import { cpuAtWork, cpuPercent, sampleCpu, threadTime } from '../../bin/lab/cpu-usage';
import { HugePages } from '../../bin/lab/huge-pages';
import { Lock } from '../../bin/lab/lock';
import { udpPorts } from '../../bin/lab/network';
import { Undo } from '../../bin/lab/undo';

const single = (id: number) => ({ id, siblings: [id] });

describe('cores', () => {
  test.each([
    ['two cores: the lab shares with the generator', [0, 1].map(single), { housekeeping: 0, generator: 0, receiver: 1 }],
    ['three cores: each to itself', [4, 6, 9].map(single), { housekeeping: 4, generator: 6, receiver: 9 }],
    ['hyper-threads: whole cores first', [0, 1, 2, 3, 4, 5].map((id) => ({ id, siblings: [id - (id % 2), id - (id % 2) + 1] })),
      { housekeeping: 0, generator: 2, receiver: 4 }],
    ['one core of two threads: better than nothing', [0, 1].map((id) => ({ id, siblings: [0, 1] })), { housekeeping: 0, generator: 0, receiver: 1 }],
    ['a sibling this process may not use does not count', [1, 3].map((id) => ({ id, siblings: [id - 1, id] })), { housekeeping: 1, generator: 1, receiver: 3 }],
  ])('%s', (_, cpus, expected) => {
    expect(chooseCores(cpus)).toEqual(expected);
  });

  test('fails with one CPU', () => {
    expect(() => chooseCores([single(0)])).toThrow(/needs 2 CPUs.*may use 1/);
  });

  test('a list of CPUs', () => {
    expect(parseCpuList('0-2,5\n')).toEqual([0, 1, 2, 5]);
    expect(parseCpuList('')).toEqual([]);
    expect(allowedCpus().length).toBeGreaterThan(0);
  });
});

describe('CPU usage', () => {
  test('a thread\'s name may hold spaces and brackets', () => {
    const stat = '42 (kb rx) (0) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 3 0 99';
    expect(threadTime(stat)).toEqual({ tid: 42, name: 'kb rx) (0', seconds: 2 });
  });

  test('is what the threads of a role used of the time between two samples', () => {
    const thread = (tid: number, seconds: number) => ({ tid, name: 'x', seconds });
    const before = { atMs: 1000, pid: 7, threads: [thread(7, 1), thread(8, 10)] };
    const after = { atMs: 3000, pid: 7, threads: [thread(7, 1.1), thread(8, 12), thread(9, 0.5)] };
    expect(cpuPercent(before, after, (one, pid) => one.tid !== pid)).toBe(125);
    expect(cpuPercent(before, after, (one, pid) => one.tid === pid)).toBe(5);
  });

  test('of a generator counts only while all its threads were there', () => {
    const sample = (atMs: number, ...threads: [number, number][]) => ({ atMs, pid: 7, threads: threads.map(([tid, seconds]) => ({ tid, name: 'x', seconds })) });
    const samples = [sample(0, [7, 0]), sample(1000, [7, 1], [8, 0]), sample(2000, [7, 1], [8, 0.9]), sample(3000, [7, 1.5])];
    expect(cpuAtWork(samples)).toBe(90);
    expect(cpuAtWork(samples.slice(0, 1))).toBe(0);
    expect(cpuAtWork([])).toBe(0);
  });

  test('a process that is gone has none', () => {
    expect(sampleCpu(process.pid)?.threads.length).toBeGreaterThan(0);
    expect(sampleCpu(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('huge pages', () => {
  let sysfs: string;
  beforeEach(() => { sysfs = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-pages-')); });
  afterEach(() => fs.rmSync(sysfs, { recursive: true }));

  function machine(total: number, free: number): HugePages {
    const folder = path.join(sysfs, 'hugepages-2048kB');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'nr_hugepages'), String(total));
    fs.writeFileSync(path.join(folder, 'free_hugepages'), String(free));
    return HugePages.ofDefaultSize('Hugepagesize:       2048 kB\n', sysfs);
  }

  test('enough free ones are left as they are', () => {
    const pages = machine(64, 60);
    pages.provide(60);
    expect(pages.total).toBe(64);
  });

  test('too few are raised by what is short', () => {
    const pages = machine(64, 60);
    pages.provide(100);
    expect(pages.total).toBe(104);
  });

  test('fails and leaves the count alone when the kernel gives fewer', () => {
    const pages = machine(64, 60);
    const asked: number[] = [];
    const stingy = Object.assign(pages, {
      resize(count: number) {
        asked.push(count);
        return Math.min(count, 70);
      },
    });
    expect(() => stingy.provide(100)).toThrow(/need 100 free huge pages of 2048 kB, this machine can give 66; .*--planes kernel,xdp,afxdp/);
    expect(asked).toEqual([104, 64]);
  });

  test('fails on a kernel without them', () => {
    expect(() => HugePages.ofDefaultSize('MemTotal: 1 kB\n')).toThrow(/this kernel has no huge pages/);
  });
});

describe('lock', () => {
  test('is held by one at a time and says who that is', async () => {
    const name = `\0kb-lab-test-${process.pid}`;
    const lock = await Lock.take(name);
    await expect(Lock.take(name)).rejects.toMatchObject({ message: expect.stringContaining(`process ${process.pid}`) as string, exitStatus: 1 });
    lock.release();
    (await Lock.take(name)).release();
  });
});

describe('undo', () => {
  test('takes everything back, newest first, past what fails, and only once', async () => {
    const order: string[] = [];
    const undo = new Undo();
    undo.add('first', () => { order.push('first'); });
    undo.add('second', () => Promise.reject(new Error('stuck')));
    undo.add('third', () => { order.push('third'); });
    expect(await undo.run()).toEqual(['second: stuck']);
    expect(order).toEqual(['third', 'first']);
    expect(await undo.run()).toEqual([]);
  });
});

describe('ports in use', () => {
  test('are read from the kernel\'s own table', () => {
    expect(udpPorts([
      '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
      '  293: 00000000:2328 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0',
      '  407: 0100007F:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 2 2 0 0',
    ].join('\n'))).toEqual([9000, 8125]);
  });
});

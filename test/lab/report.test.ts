// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { report as command } from '../../bin/commands/report';
import { parseGenerated } from '../../bin/lab/generator';
import { failures, warnings } from '../../bin/lab/report';
import { reportPage } from '../../bin/lab/report-page';
import { comparisonTable, duration, reportTable } from '../../bin/lab/report-table';
import { parseSnapshot } from '../../bin/lab/snapshot';
import { sampleReport, sampleRun } from './sample-report';

describe('what makes a run fail', () => {
  test('nothing, when every packet arrived', () => {
    expect(failures(sampleRun())).toEqual([]);
  });

  test.each([
    ['unexplained packets', { received: 499_990, unexplained: 10 }, ['afxdp: 10 of 500000 packets are unexplained']],
    ['packets accounted for twice', { unexplained: -4 }, ['afxdp: 4 packets more are accounted for than the 500000 that were sent']],
    ['losses at the default rate', { lost: { xsk_rx_ring_full: 3, handler: 1 } },
      ['afxdp: 4 of 500000 packets were lost at 100000/s: xsk_rx_ring_full 3, handler 1']],
    ['both at once', { plane: 'dpdk', wire: 'memif', lost: { nic_overrun: 1 }, unexplained: 1 },
      ['dpdk-memif: 1 of 500000 packets are unexplained', 'dpdk-memif: 1 of 500000 packets were lost at 100000/s: nic_overrun 1']],
  ])('%s', (_, changes, expected) => {
    expect(failures(sampleRun(changes))).toEqual(expected);
  });

  test('losses with a cause above the default rate are a finding, not a failure', () => {
    expect(failures(sampleRun({ rate: 100_001, lost: { socket_overflow: 9 } }))).toEqual([]);
  });

  test('a generator that did not hold the rate is said', () => {
    expect(warnings(sampleRun({ rateAchieved: 99_900 }))).toEqual([]);
    expect(warnings(sampleRun({ rateAchieved: 80_000 }))).toEqual([expect.stringContaining('sent 80000/s of the 100000/s')]);
  });
});

describe('the table', () => {
  test('has a line for each run, and says what a lab proves', () => {
    const text = reportTable(sampleReport(sampleRun({ lost: { xsk_rx_ring_full: 1500 } }), sampleRun({ plane: 'dpdk', wire: 'memif', mode: { driver: 'net_memif', xdp: '', copy: '', detail: '' } })));
    expect(text).toMatch(/^afxdp +veth native copy +500,000 +500,000 +1,500 +0 +4\.1 µs +5 µs +12\.3 µs +250 µs +3\.3 ms +99\/0\/98 %$/m);
    expect(text).toMatch(/^dpdk-memif +net_memif /m);
    expect(text).toContain('afxdp lost: xsk_rx_ring_full 1500');
    expect(text).toContain('says nothing about microseconds on EC2');
  });

  test('shows no latency where the handler measured none', () => {
    expect(reportTable(sampleReport(sampleRun({ latencyNs: { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 } })))).toMatch(/^afxdp .* 0 +- +- +- +- +- +99/m);
  });

  test('of two reports shows the change, what is in only one, and what makes them incomparable', () => {
    const before = sampleReport(sampleRun(), sampleRun({ plane: 'xdp' }));
    const after = sampleReport(sampleRun({ latencyNs: { ...sampleRun().latencyNs, p99: 24_690 }, size: 64 }), sampleRun({ plane: 'kernel' }));
    const text = comparisonTable(before, after);
    expect(text).toContain('12.3 µs → 24.7 µs (+100 %)');
    expect(text).toContain('kernel is only in the second report');
    expect(text).toContain('xdp is only in the first report');
    expect(text).toContain('differs: size 288 → 64, 288');
  });

  test.each([[0, '0 ns'], [999, '999 ns'], [1000, '1 µs'], [1234, '1.2 µs'], [123_456, '123 µs'], [5_000_000, '5 ms'], [1_500_000_000, '1.5 s']])('%p ns reads %p', (ns, text) => {
    expect(duration(ns)).toBe(text);
  });
});

describe('the page', () => {
  const page = reportPage(sampleReport(sampleRun({ mode: { driver: '<script>alert(1)</script>', xdp: '', copy: '', detail: '' } }), sampleRun({ plane: 'dpdk', unexplained: 2 })));

  test('needs nothing else', () => {
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import|https?:/);
  });

  test('has a chart for all planes and one for each, the ledger, the manifest and the statement', () => {
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(page).toContain('dpdk: 2 of 500000 packets are unexplained');
    expect(page).toContain('Debian &lt;12&gt;');
    expect(page).toContain('says nothing about microseconds on EC2');
  });

  test('draws every curve inside its frame', () => {
    const points = [...page.matchAll(/points="([^"]+)"/g)].flatMap(([, list]) => list.split(' ').map((point) => point.split(',').map(Number)));
    expect(points.length).toBeGreaterThan(10);
    for (const [x, y] of points) {
      expect(x).toBeGreaterThanOrEqual(64);
      expect(x).toBeLessThanOrEqual(704);
      expect(y).toBeGreaterThanOrEqual(12);
      expect(y).toBeLessThanOrEqual(280);
    }
  });

  test('stands when nothing was received', () => {
    expect(reportPage(sampleReport(sampleRun({ distributions: { latency: [], receive: [] } })))).toContain('Nothing was received');
  });
});

describe('kb report', () => {
  let folder: string;
  let out: jest.SpyInstance;
  let err: jest.SpyInstance;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-report-'));
    out = jest.spyOn(console, 'log').mockImplementation();
    err = jest.spyOn(console, 'error').mockImplementation();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    fs.rmSync(folder, { recursive: true });
  });

  function file(name: string, content: unknown): string {
    const written = path.join(folder, name);
    fs.writeFileSync(written, JSON.stringify(content));
    return written;
  }

  test('shows a report and writes its page', async () => {
    const html = path.join(folder, 'page.html');
    expect(await command.run([file('a.json', sampleReport(sampleRun())), '--html', html])).toBe(0);
    expect(out).toHaveBeenCalledWith(expect.stringContaining('afxdp'));
    expect(fs.readFileSync(html, 'utf8')).toContain('<svg');
  });

  test('compares two', async () => {
    expect(await command.run([file('a.json', sampleReport(sampleRun())), file('b.json', sampleReport(sampleRun({ sent: 7 })))])).toBe(0);
    expect(out).toHaveBeenCalledWith(expect.stringContaining('500,000 → 7'));
  });

  test('fails when the books of the report do not balance', async () => {
    expect(await command.run([file('a.json', sampleReport(sampleRun({ unexplained: 1 })))])).toBe(1);
    expect(err).toHaveBeenCalledWith(expect.stringContaining('1 of 500000 packets are unexplained'));
  });

  test.each([
    ['no file', () => [], /one or two reports can be shown, got 0/],
    ['a missing file', () => ['/nowhere.json'], /'\/nowhere.json' cannot be read as a report: ENOENT/],
    ['another schema', () => [file('a.json', { schema: 2, runs: [] })], /must be a report with "schema": 1.*got schema 2/],
    ['no report at all', () => [file('a.json', null)], /got schema undefined/],
    ['a page in no folder', () => [file('a.json', sampleReport()), '--html', '/nowhere/page.html'], /'--html' must be a file that can be written/],
    ['an unknown option', () => ['--csv'], /unknown option '--csv'; see --help/],
  ])('fails for %s', async (_, args, message) => {
    expect(await command.run(args())).toBe(2);
    expect(err).toHaveBeenCalledWith(expect.stringMatching(message));
  });
});

describe('what the programs print', () => {
  test('a snapshot of kb-stats', () => {
    const snapshot = parseSnapshot(JSON.stringify({
      ready: true, startNs: 5, heartbeatNs: 6, handlerName: 'count', mode: { driver: 'veth', xdp: '', copy: '', detail: '', iface: 'kb1' }, received: 3,
      lost: { handler: 1 }, ignored: { other_not_udp: 2 }, latencyNs: { receive: { max: 101 }, oneway: { max: 260 } },
      histograms: { receive: [[100, 101, 3]], oneway: [[256, 257, 2], [260, 261, 1]], handler: [] },
    }));
    expect(snapshot).toMatchObject({ ready: true, start: 5, heartbeat: 6, received: 3, lost: { handler: 1 }, ignored: { other_not_udp: 2 }, mode: { driver: 'veth' } });
    expect(snapshot.oneWay.percentiles()).toMatchObject({ count: 3, p50: 257, max: 260 });
  });

  test('a result of kb-gen, also of one that sent less than asked', () => {
    expect(parseGenerated('{"sent": 9, "achievedRate": 99999.6, "scheduleErrorNs": {"p50": 80}, "due": 10}', '')).toEqual({ sent: 9, achievedRate: 100_000, scheduleErrorNs: { p50: 80 } });
  });

  test('fails with the last words of a kb-gen that could not start', () => {
    expect(() => parseGenerated('', 'kb-gen: --core 7: Invalid argument\n')).toThrow('the generator failed: kb-gen: --core 7: Invalid argument');
  });
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LabOptions, parseLabOptions } from '../../bin/lab/options';

const parsed = (...args: string[]) => parseLabOptions(args) as LabOptions;

describe('lab options', () => {
  test('nothing given runs every plane at the benchmark of 100,000 messages of 288 bytes', () => {
    const options = parsed();
    expect(options.planes.map((plane) => plane.name)).toEqual(['kernel', 'xdp', 'afxdp', 'dpdk', 'dpdk-memif']);
    expect(options).toMatchObject({ rate: 100_000, size: 288, seconds: 5, keep: false });
  });

  test('planes run in the order of the table, each once', () => {
    expect(parsed('--planes', 'dpdk, kernel,kernel').planes.map((plane) => plane.name)).toEqual(['kernel', 'dpdk']);
  });

  test.each([
    [['--planes', 'onload'], /'--planes' must be one or more of kernel, xdp, afxdp, dpdk, dpdk-memif, got 'onload'/],
    [['--planes', ''], /'--planes' must be one or more of/],
    [['--rate', '0'], /'--rate' must be a whole number of messages per second from 1 to 10000000, got '0'/],
    [['--rate', '1e5'], /'--rate' .* got '1e5'/],
    [['--rate=-5'], /'--rate' .* got '-5'/],
    [['--rate', '10000001'], /'--rate' .* got '10000001'/],
    [['--size', '10'], /'--size' must be a whole number of bytes of UDP payload from 24 to 8972, got '10'/],
    [['--size', '9000'], /'--size' .* got '9000'/],
    [['--seconds', '0'], /'--seconds' must be a whole number of seconds from 1 to 86400, got '0'/],
    [['--seconds', '1.5'], /'--seconds' .* got '1.5'/],
    [['--pcap', '/nowhere.pcap'], /'--pcap' must be a pcap file with UDP datagrams over Ethernet, got '\/nowhere.pcap': ENOENT/],
    [['--pcap', os.tmpdir()], /'--pcap' must be a pcap file .*: it is shorter than any, or no file/],
    [['--pcap', __filename], /'--pcap' must be a pcap file .*: it is none/],
    [['--pcap', 'any', '--size', '64'], /'--pcap' and '--size' exclude each other: the capture decides/],
    [['--pcap', 'any', '--seconds', '1'], /'--pcap' and '--seconds' exclude each other/],
    [['--handler', '/nowhere'], /'--handler' must be a directory with a kb_handler.c, got '\/nowhere'/],
    [['--json', '/nowhere/out.json'], /'--json' must be in a folder that exists and can be written, got '\/nowhere\/out.json'/],
    [['--html', os.tmpdir()], /'--html' must be a file to write/],
    [['--speed', '5'], /unknown option '--speed'; see --help/],
    [['kernel'], /unexpected argument 'kernel'/],
    [['--rate'], /'--rate' needs a value; see --help/],
  ])('fails for %j', (args, message) => {
    expect(() => parseLabOptions(args)).toThrow(message);
    expect(() => parseLabOptions(args)).toThrow(expect.objectContaining({ exitStatus: 2 }) as Error);
  });

  test('paths become absolute, so a later change of folder cannot move them', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-options-'));
    try {
      fs.writeFileSync(path.join(folder, 'kb_handler.c'), '');
      const options = parsed('--handler', path.relative(process.cwd(), folder), '--json', 'out.json');
      expect(options.handler).toBe(folder);
      expect(options.json).toBe(path.resolve('out.json'));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  test('--help asks for help whatever else is given', () => {
    expect(parseLabOptions(['--help', '--rate', '0'])).toBe('help');
  });
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import { Cores } from './cores';
import { PACKAGE_ROOT } from './package-root';
import { attempt } from './shell';

/** What a reader must know of the machine to make anything of the numbers. */
export interface Environment {
  readonly date: string;
  readonly commit: string;
  readonly kernel: string;
  readonly distro: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly cores: Cores;
  readonly virtualization: string;
  readonly governor: string;
  readonly clocksource: string;
  readonly memoryMb: number;
  readonly hugePages: { readonly sizeKb: number; readonly total: number; readonly free: number };
  readonly versions: Readonly<Record<string, string>>;
}

const UNKNOWN = 'unknown';

export async function describeEnvironment(cores: Cores, now = new Date()): Promise<Environment> {
  const meminfo = text('/proc/meminfo');
  const kb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0);
  return {
    date: now.toISOString(),
    commit: await commit(),
    kernel: os.release(),
    distro: /^PRETTY_NAME="?([^"\n]+)/m.exec(text('/etc/os-release'))?.[1] ?? UNKNOWN,
    arch: os.arch(),
    cpu: /^model name\s*:\s*(.+)$/m.exec(text('/proc/cpuinfo'))?.[1] ?? UNKNOWN,
    cpus: os.cpus().length,
    cores,
    virtualization: await first('systemd-detect-virt', []),
    governor: text('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor').trim() || 'none',
    clocksource: text('/sys/devices/system/clocksource/clocksource0/current_clocksource').trim() || UNKNOWN,
    memoryMb: Math.round(os.totalmem() / 2 ** 20),
    hugePages: { sizeKb: kb('Hugepagesize'), total: kb('HugePages_Total'), free: kb('HugePages_Free') },
    versions: {
      node: process.versions.node,
      dpdk: await first('pkg-config', ['--modversion', 'libdpdk']),
      libxdp: await first('pkg-config', ['--modversion', 'libxdp']),
      libbpf: await first('pkg-config', ['--modversion', 'libbpf']),
      gcc: await first('gcc', ['-dumpfullversion']),
      package: (JSON.parse(text(`${PACKAGE_ROOT}/package.json`) || '{}') as { version?: string }).version ?? UNKNOWN,
    },
  };
}

/** With `-dirty` when what ran is not what was committed. */
async function commit(): Promise<string> {
  return first('git', ['-C', PACKAGE_ROOT, 'describe', '--always', '--abbrev=40', '--dirty', '--match', '']);
}

async function first(command: string, args: string[]): Promise<string> {
  try {
    return (await attempt(command, args)).stdout.trim().split('\n')[0] || UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function text(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

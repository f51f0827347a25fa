// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { attempt, lastWords } from './shell';
import { Terminal } from './terminal';

/** The Debian packages that building and running the data plane takes; dependencies come by themselves. */
export const PACKAGES: readonly string[] = [
  'gcc', 'libc6-dev', 'linux-libc-dev', 'meson', 'ninja-build', 'pkg-config', // the receivers and the tools
  'clang', 'llvm', 'bpftool', 'libbpf-dev', 'libxdp-dev', // the XDP programs
  'libdpdk-dev', // kb-dpdk
  'iproute2', 'procps', 'util-linux', // namespaces, sysctl, nsenter and taskset
];

/** Installs what is missing, and says what that is before it does. */
export async function installPrerequisites(terminal: Terminal, root: boolean, signal: AbortSignal, packages = PACKAGES): Promise<void> {
  const missing = await missingPackages(signal, packages);
  if (missing.length === 0) {
    return;
  }
  if (!root) {
    throw CommandError.usage(`these Debian packages are missing: ${missing.join(' ')}; install them with 'sudo apt-get install ${missing.join(' ')}', or run this as root`);
  }
  terminal.say(`installing ${missing.length} Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const onLine = (line: string) => terminal.detail(`apt-get: ${line}`);
  await attempt('apt-get', ['update', '-q'], { env, signal, onLine });
  const done = await attempt('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], { env, signal, onLine });
  if (done.status !== 0) {
    throw CommandError.retry(`apt-get could not install ${missing.join(' ')}: ${lastWords(done.stderr)}`);
  }
}

export async function missingPackages(signal?: AbortSignal, packages = PACKAGES): Promise<string[]> {
  let listed: string;
  try {
    listed = (await attempt('dpkg-query', ['--show', '--showformat=${db:Status-Status} ${Package}\n', ...packages], { signal })).stdout;
  } catch (error) {
    if (error instanceof CommandError) {
      return []; // not a Debian: the build names what it misses
    }
    throw error;
  }
  const installed = listed.split('\n').filter((line) => line.startsWith('installed ')).map((line) => line.split(' ')[1]);
  return packages.filter((name) => !installed.includes(name));
}

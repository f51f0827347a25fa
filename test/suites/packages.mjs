// SPDX-License-Identifier: Apache-2.0
// The Debian packages the tests take beyond what the lab takes, installed when run as root.
import { spawnSync } from 'node:child_process';
import prerequisites from '../../bin/lab/prerequisites.js';

const TESTS_NEED = [
  'libcmocka-dev', // unit tests in C
  'cppcheck', // static analysis of C
  'tshark', // reads what kb-dump writes
  'iputils-ping', // asks a port that has no kernel
  'bats', 'shellcheck', 'jq', 'python3', 'systemd', // host bring-up: steps, units, JSON of the signals
  'bpftool', // skeletons of the XDP programs
  'ethtool', 'tar', 'curl', 'openssl', // what steps and stand-ins call
  'make', 'm4', 'libelf-dev', 'zlib1g-dev', 'xz-utils', // libxdp from source, as `libxdp-source` in userdata/packages has it
];

function installed(name) {
  const found = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], { encoding: 'utf8' });
  return found.status === 0 && found.stdout === 'installed';
}

/** Installs what is missing of these; without root it says so, and goes on. */
export function ensurePackages(wanted = [...new Set([...prerequisites.PACKAGES, ...TESTS_NEED])]) {
  const missing = wanted.filter((name) => !installed(name));
  if (missing.length === 0) {
    return;
  }
  if (process.getuid() !== 0) {
    console.log(`missing Debian packages: ${missing.join(' ')}; without root they are not installed, and what needs them is skipped or fails`);
    return;
  }
  console.log(`installing Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
  const done = spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (done.status !== 0) {
    console.error(`apt-get could not install ${missing.join(' ')}`);
    process.exit(1);
  }
}

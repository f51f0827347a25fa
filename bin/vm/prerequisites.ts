// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { PACKAGE_ROOT } from '../lab/package-root';

/** What the lab runs, and the Debian package that has it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils', 'mmdebstrap': 'mmdebstrap', 'mke2fs': 'e2fsprogs',
  'gpg': 'gpg', // mmdebstrap finds the archive's key with it
  'openssl': 'openssl', 'ssh': 'openssh-client', 'ip': 'iproute2', 'unshare': 'util-linux',
};

/** The Debian packages that the lab takes. */
export const VM_PACKAGES: readonly string[] = [...new Set(Object.values(PROGRAMS))];

/** Throws when this machine cannot run the lab, with what it lacks. */
export function checkPrerequisites(): void {
  if (!fs.existsSync(path.join(PACKAGE_ROOT, 'test', 'vm'))) {
    throw CommandError.usage('the recipe of the guest is in test/vm of the repository, which the npm package does not hold: clone the repository');
  }
  if (process.getuid?.() !== 0) {
    throw CommandError.usage('a guest image and a network of its own need root: run the lab with sudo');
  }
  const folders = (process.env.PATH ?? '').split(':');
  const missing = Object.entries(PROGRAMS).filter(([program]) => !folders.some((folder) => fs.existsSync(path.join(folder, program))));
  if (missing.length > 0) {
    const names = [...new Set(missing.map(([, name]) => name))].join(' ');
    throw CommandError.usage(`${missing.map(([program]) => program).join(', ')} not found; install with 'apt-get install ${names}'`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { spawn } from 'node:child_process';
import * as readline from 'node:readline';

/** How the machine's CPUs are run: by the host's own, or emulated. */
export type Accelerator = 'kvm' | 'tcg';

const PROBE_MS = 20_000; // a kernel under KVM says its first word within one or two seconds

/**
 * Starts a kernel under KVM and waits for its first word. That /dev/kvm opens says little: nested
 * virtualisation may offer it and then stumble over the first instruction it does not know.
 */
export async function probeAccelerator(kernel: string): Promise<Accelerator> {
  if (!canOpen('/dev/kvm')) {
    return 'tcg';
  }
  const child = spawn('qemu-system-x86_64', [
    '-accel', 'kvm', '-machine', 'q35', '-cpu', 'host', '-m', '512', '-nodefaults', '-display', 'none', '-serial', 'stdio',
    '-kernel', kernel, '-append', 'console=ttyS0 panic=-1', '-no-reboot',
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_MS);
  try {
    return await new Promise<Accelerator>((resolve) => {
      child.on('error', () => resolve('tcg'));
      child.on('close', () => resolve('tcg'));
      // 'KVM internal error' leaves the machine stopped and the process running.
      readline.createInterface({ input: child.stderr }).on('line', () => resolve('tcg'));
      readline.createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('Kernel command line')) {
          resolve('kvm');
        }
      });
    });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function canOpen(file: string): boolean {
  try {
    fs.closeSync(fs.openSync(file, 'r+'));
    return true;
  } catch {
    return false;
  }
}

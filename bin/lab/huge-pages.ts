// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';

const SYSFS = '/sys/kernel/mm/hugepages';

/** The machine's huge pages of its default size. */
export class HugePages {
  /** The kernel's default size, which is what DPDK and mmap take when nobody says otherwise. */
  static ofDefaultSize(meminfo = fs.readFileSync('/proc/meminfo', 'utf8'), sysfs = SYSFS): HugePages {
    const size = /^Hugepagesize:\s+(\d+) kB/m.exec(meminfo)?.[1];
    if (size === undefined) {
      throw CommandError.usage('this kernel has no huge pages, which the dpdk planes need; leave them out with --planes kernel,xdp,afxdp');
    }
    return new HugePages(Number(size), path.join(sysfs, `hugepages-${size}kB`));
  }

  private constructor(readonly sizeKb: number, private readonly folder: string) {}

  get total(): number {
    return this.read('nr_hugepages');
  }

  get free(): number {
    return this.read('free_hugepages');
  }

  /** Sets how many there are and returns how many the kernel really gave. */
  resize(total: number): number {
    try {
      fs.writeFileSync(path.join(this.folder, 'nr_hugepages'), String(total));
    } catch {
      // A container's sysfs may be read-only; what counts is how many there are now.
    }
    return this.total;
  }

  /** Makes at least `needed` pages free, or leaves everything as it was and says what was short. */
  provide(needed: number): void {
    const [total, free] = [this.total, this.free];
    if (free >= needed) {
      return;
    }
    const got = free + this.resize(total + needed - free) - total;
    if (got < needed) {
      this.resize(total);
      throw CommandError.usage(
        `the dpdk planes need ${needed} free huge pages of ${this.sizeKb} kB, this machine can give ${got}; ` +
        'free memory, or leave them out with --planes kernel,xdp,afxdp',
      );
    }
  }

  private read(file: string): number {
    return Number(fs.readFileSync(path.join(this.folder, file), 'utf8'));
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { HugePages } from './huge-pages';
import { leftoverNamespaces, removeNamespace } from './network';
import { attempt, run } from './shell';

// Memory, not disk: the stats page is written by the hot loop, and a disk would write it back.
const PARENT = '/dev/shm';
const NAME = /^kb-lab-\d+$/;
const HUGE_PAGES = 'huge-pages-before';
const BPFFS = 'bpf';

/** Where a lab keeps what it makes: plans, logs, stats pages, pinned maps; and what to restore. */
export class RunFolder {
  static create(parent = PARENT): RunFolder {
    const folder = new RunFolder(path.join(parent, `kb-lab-${process.pid}`));
    fs.mkdirSync(folder.root, { mode: 0o700 });
    return folder;
  }

  /** Takes away what labs left that were killed before they could; call only while holding the lock. */
  static async removeLeftovers(parent = PARENT): Promise<string[]> {
    const removed: string[] = [];
    for (const namespace of leftoverNamespaces()) {
      await removeNamespace(namespace);
      removed.push(`namespace ${namespace}`);
    }
    for (const name of fs.readdirSync(parent).filter((entry) => NAME.test(entry))) {
      const folder = new RunFolder(path.join(parent, name));
      folder.restoreHugePages();
      await folder.remove();
      removed.push(folder.root);
    }
    return removed;
  }

  private constructor(readonly root: string) {}

  file(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  folder(...names: string[]): string {
    const folder = this.file(...names);
    fs.mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A BPF file system of this lab's own: what is pinned there goes with it. */
  async mountBpf(): Promise<string> {
    const folder = this.folder(BPFFS);
    await run('mount', ['-t', 'bpf', 'bpf', folder]);
    return folder;
  }

  /** Raises the huge pages, having first written down how many there were. */
  provideHugePages(needed: number): void {
    const pages = HugePages.ofDefaultSize();
    fs.writeFileSync(this.file(HUGE_PAGES), String(pages.total), { flag: 'wx' });
    pages.provide(needed);
  }

  restoreHugePages(): void {
    const file = this.file(HUGE_PAGES);
    if (fs.existsSync(file)) {
      HugePages.ofDefaultSize().resize(Number(fs.readFileSync(file, 'utf8')));
      fs.rmSync(file);
    }
  }

  async unmount(): Promise<void> {
    // Lazily: whoever still looks into it must not keep the pins alive.
    await attempt('umount', ['--lazy', '--quiet', this.file(BPFFS)]);
  }

  async remove(): Promise<void> {
    await this.unmount();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

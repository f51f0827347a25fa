// SPDX-License-Identifier: Apache-2.0

/** What the serial console tells about the progress of the guest. */
export interface Sighting {
  /** A kernel has started: the first boot, or one more. */
  readonly boot?: number;
  /** A unit of ours, and what it says. */
  readonly unit?: string;
  /** cloud-init is done with the user data, so many seconds after the kernel started. */
  readonly finishedAfter?: number;
  readonly words: string;
}

/** Reads the serial console, which is all that EC2 shows of a host nobody can log in to. */
export class ConsoleWatcher {
  private boots = 0;

  /** What a line tells, or undefined when it tells nothing of interest. */
  read(raw: string): Sighting | undefined {
    // Colours, cursor movements and other control characters are for terminals.
    const line = raw.replace(/\x1b(\[[0-9;?!]*[A-Za-z]|c)/g, '').replace(/[\x00-\x1f]/g, '').trimEnd();
    if (/\] Linux version /.test(line)) {
      this.boots += 1;
      return { boot: this.boots, words: `boot ${this.boots}: the kernel starts` };
    }
    const spoken = /(kb-[a-z-]+|notify-failure)\[\d+\]: (.*)/.exec(line);
    if (spoken) {
      return { unit: spoken[1], words: `${spoken[1]}: ${spoken[2]}` };
    }
    const state = /^\[ *(OK|FAILED|DEPEND) *\] .*\b((?:kb-|notify-failure)[a-z@-]*\.(?:service|target))/.exec(line);
    if (state) {
      return { unit: state[2].replace(/\.\w+$/, ''), words: line.replace(/^\[ *(\w+) *\]\s*/, (_, word: string) => (word === 'OK' ? '' : `${word}: `)) };
    }
    const finished = /cloud-init\[\d+\]: (Cloud-init v\. \S+ finished) at .* Up ([\d.]+) seconds/.exec(line);
    if (finished) {
      return { finishedAfter: Number(finished[2]), words: finished[1] };
    }
    const told = /(?:cloud-init\[\d+\]: (Cloud-init v\. \S+ running.*?) at |Kernel panic - (.*))/.exec(line);
    return told ? { words: told[1] ?? `kernel panic: ${told[2]}` } : undefined;
  }
}

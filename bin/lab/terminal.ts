// SPDX-License-Identifier: Apache-2.0

/** Progress goes to standard error, results to standard output: a report can be piped. */
export class Terminal {
  private open = false;

  constructor(
    private readonly err: NodeJS.WriteStream = process.stderr,
    private readonly out: NodeJS.WritableStream = process.stdout,
  ) {}

  /** A line that stays. */
  say(text: string): void {
    this.clear();
    this.err.write(`${text}\n`);
  }

  /** A line that the next one replaces; in a log, where nothing can be replaced, one that stays. */
  progress(text: string): void {
    if (!this.err.isTTY) {
      this.err.write(`${text}\n`);
      return;
    }
    this.clear();
    this.err.write(text.slice(0, (this.err.columns ?? 80) - 1));
    this.open = true;
  }

  /** A line that only someone who watches wants; a log goes without. */
  detail(text: string): void {
    if (this.err.isTTY) {
      this.progress(text);
    }
  }

  print(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
  }

  private clear(): void {
    if (this.open) {
      this.err.write('\r\x1b[K');
      this.open = false;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/** The user, or the system, wants the lab to end now. */
export class Interruption extends Error {
  constructor(readonly reason: string, readonly exitStatus: number) {
    super(`interrupted by ${reason}`);
    this.name = 'Interruption';
  }
}

const SIGNALS: readonly [NodeJS.Signals, number][] = [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]];

/**
 * Turns signals and stray errors into the end of whatever is awaited, so that everything made so
 * far is taken back on the way out, by the same code as always.
 */
export class Interruptions {
  private readonly abort = new AbortController();
  private readonly listeners: [string, (error: unknown) => void][] = [];

  constructor(again: () => void) {
    for (const [name, number] of SIGNALS) {
      this.listen(name, () => {
        if (this.abort.signal.aborted) {
          again();
        }
        this.abort.abort(new Interruption(name, 128 + number));
      });
    }
    this.listen('uncaughtException', (error) => this.abort.abort(error));
    this.listen('unhandledRejection', (error) => this.abort.abort(error));
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  close(): void {
    for (const [name, listener] of this.listeners) {
      process.off(name, listener);
    }
  }

  private listen(name: string, listener: (error: unknown) => void): void {
    process.on(name, listener);
    this.listeners.push([name, listener]);
  }
}

// SPDX-License-Identifier: Apache-2.0

/** How to take back what was done, newest first, all of it, however many of the steps fail. */
export class Undo {
  private readonly steps: { what: string; back: () => Promise<void> | void }[] = [];

  add(what: string, back: () => Promise<void> | void): void {
    this.steps.push({ what, back });
  }

  /** Returns what could not be taken back; running it again does nothing. */
  async run(): Promise<string[]> {
    const failed: string[] = [];
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.back();
      } catch (error) {
        failed.push(`${step.what}: ${(error as Error).message}`);
      }
    }
    return failed;
  }
}

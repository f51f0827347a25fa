// SPDX-License-Identifier: Apache-2.0
import { Terminal } from '../lab/terminal';

/** What happens to the stack, each line with the seconds since it began. */
export class Events {
  private readonly started = Date.now();

  constructor(private readonly terminal: Terminal) {}

  get seconds(): number {
    return (Date.now() - this.started) / 1000;
  }

  say(text: string): void {
    this.terminal.say(`${this.seconds.toFixed(1).padStart(7)} s  ${text}`);
  }
}

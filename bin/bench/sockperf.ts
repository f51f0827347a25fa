// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { confine, Place } from '../lab/confine';
import { RECEIVER } from '../lab/network';
import { attempt, lastWords } from '../lab/shell';

export const SOCKPERF_PORT = 11_111; // its own default
const MESSAGE_BYTES = 288;
const UNDER_LOAD = 100_000; // messages per second: the benchmark this library is measured by
const REPLY_EVERY = 10; // messages: often enough for a percentile, rarely enough to be no load of its own

/** sockperf's client: one and the same for both servers. */
export class SockperfClient {
  constructor(private readonly program: string, private readonly place: Place, private readonly signal: AbortSignal) {}

  /** Sends as fast as it can. */
  async flood(seconds: number): Promise<void> {
    await this.run('throughput', '--time', String(seconds));
  }

  /** Half the round trip at a fixed rate, in microseconds. */
  async underLoad(seconds: number): Promise<{ p50: number; p99: number }> {
    const said = await this.run('under-load', '--mps', String(UNDER_LOAD), '--reply-every', String(REPLY_EVERY), '--time', String(seconds));
    const percentile = (name: string) => {
      const value = new RegExp(`percentile ${name} = +([0-9.]+)`).exec(said)?.[1];
      if (value === undefined) {
        throw CommandError.retry(`sockperf gave no percentiles: ${lastWords(said)}`);
      }
      return Number(value);
    };
    return { p50: percentile('50.000'), p99: percentile('99.000') };
  }

  private async run(mode: string, ...args: string[]): Promise<string> {
    const [command, line] = confine(this.place, this.program, [
      mode, '--ip', RECEIVER.address, '--port', String(SOCKPERF_PORT), '--msg-size', String(MESSAGE_BYTES), ...args,
    ]);
    const done = await attempt(command, line, { signal: this.signal });
    if (done.status !== 0) {
      throw CommandError.retry(`sockperf ${mode} stopped with status ${done.status}: ${lastWords(done.stdout + done.stderr)}`);
    }
    return done.stdout;
  }
}

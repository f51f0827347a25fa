// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';
import { DataPlaneBuild } from '../lab/build';
import { confine, Place } from '../lab/confine';
import { Plan } from '../lab/plan';
import { Receiver } from '../lab/receiver';
import { Snapshot } from '../lab/snapshot';
import { BenchContext } from './context';
import { FEED_PORT } from './capture';
import { Reading } from './reading';
import { threadTimeNs } from './thread-time';

/** One of ours, with one queue, read as its peer is. */
export class RunningReceiver {
  static async start(bench: BenchContext, build: DataPlaneBuild, program: string, place: Place, plan: Plan): Promise<RunningReceiver> {
    const env: Plan = {
      KB_PLAN_VERSION: '1', KB_HANDLER: 'custom', KB_FLOWS: `udp:*:${FEED_PORT}`, KB_QUEUES: '1',
      KB_RX_CORES: String(bench.cores.receiver), KB_HOUSEKEEPING_CORES: String(bench.cores.housekeeping),
      KB_STATS_PAGE: bench.folder.file('stats'), ...plan,
    };
    return new RunningReceiver(await Receiver.start(
      confine(place, build.program(program), []), env, bench.folder.file(`${program}.log`), build.program('kb-stats'), bench.signal));
  }

  private constructor(private readonly receiver: Receiver) {}

  snapshot(): Promise<Snapshot> {
    return this.receiver.snapshot();
  }

  /** What it received, or, of a handler that sends, what it sent. */
  async read(counter: 'received' | 'sent' = 'received'): Promise<Reading> {
    const { pid } = this.receiver.cpu() ?? {};
    if (pid === undefined) {
      throw CommandError.retry('the receiver is gone');
    }
    return { packets: (await this.receiver.snapshot())[counter], cpuNs: threadTimeNs(pid, 'kb-rx-0'), wallNs: performance.now() * 1e6 };
  }

  async stop(): Promise<void> {
    await this.receiver.stop();
  }
}

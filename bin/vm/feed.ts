// SPDX-License-Identifier: Apache-2.0
import { generate } from '../lab/generator';
import { Plan } from '../lab/plan';
import { StatsdSink } from './statsd-sink';
import { Traffic } from './vm-report';

const RATE = 1000; // packets per second: an emulated CPU keeps up
const SECONDS = 5;
const SIZE = 288; // bytes, as in the lab
const SETTLE_SECONDS = 60; // until the last statsd interval has arrived
const LOOK_EVERY_MS = 500;

/** A sender in the data interface's subnet, which compares what it sent with what the guest says it received. */
export class Feed {
  constructor(
    private readonly generator: string,
    private readonly address: string,
    private readonly plan: Plan,
    private readonly sink: StatsdSink,
  ) {}

  /** Sends for a while to the plan's first flow and waits for the guest's counts. */
  async send(): Promise<Traffic> {
    const port = this.plan.KB_FLOWS.split(',')[0].split(':')[2];
    const before = this.counted();
    const { sent } = await generate([this.generator, [
      '--to', `${this.address}:${port}`, '--rate', String(RATE), '--seconds', String(SECONDS), '--size', String(SIZE), '--json', '-',
    ]], new AbortController().signal);
    const end = Date.now() + SETTLE_SECONDS * 1000;
    while (this.counted().received - before.received < sent && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const after = this.counted();
    return {
      sent, received: after.received - before.received, lost: after.lost - before.lost, unexplained: after.unexplained - before.unexplained,
    };
  }

  private counted(): Omit<Traffic, 'sent'> {
    const count = (metric: string) => this.sink.value(metric, `Name:${this.plan.KB_NAME}`) ?? 0;
    return { received: count('PacketsReceived'), lost: count('PacketsLost'), unexplained: count('PacketsUnexplained') };
  }
}

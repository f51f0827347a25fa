// SPDX-License-Identifier: Apache-2.0
import * as dgram from 'node:dgram';
import { METADATA_ADDRESS } from './vpc';

const PORT = 8125;

/** Collects the statsd lines that leave the guest, as CloudWatch would from the agent. */
export class StatsdSink {
  static start(): Promise<StatsdSink> {
    return new Promise((resolve, reject) => {
      const sink = new StatsdSink();
      sink.socket.once('error', reject);
      sink.socket.bind(PORT, METADATA_ADDRESS, () => resolve(sink));
    });
  }

  private readonly socket = dgram.createSocket('udp4');
  private readonly values = new Map<string, number>();
  private count = 0;

  constructor() {
    this.socket.on('message', (datagram) => this.take(datagram.toString('utf8')));
  }

  /** Lines seen so far. */
  get lines(): number {
    return this.count;
  }

  /** A counter's sum or a gauge's last value; tags as they are sent, `Name:Demo-Feed`. */
  value(metric: string, tags: string): number | undefined {
    return this.values.get(`${metric}|${tags}`);
  }

  /** All values of a metric whose tags begin alike, by the rest of their tags. */
  byTag(metric: string, prefix: string): Record<string, number> {
    const start = `${metric}|${prefix}`;
    return Object.fromEntries([...this.values].filter(([key]) => key.startsWith(start)).map(([key, value]) => [key.slice(start.length), value]));
  }

  /** The lines of one datagram; what is not statsd is not counted. */
  take(datagram: string): void {
    for (const line of datagram.split('\n')) {
      const [, metric, value, kind, tags] = /^([^:|]+):(-?[\d.]+)\|(c|g|h|ms)(?:\|@[\d.e-]+)?(?:\|#(.*))?$/.exec(line) ?? [];
      if (metric === undefined) {
        continue;
      }
      this.count += 1;
      const key = `${metric}|${tags ?? ''}`;
      this.values.set(key, Number(value) + (kind === 'c' ? this.values.get(key) ?? 0 : 0));
    }
  }
}

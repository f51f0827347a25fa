// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { RECEIVER, SENDER } from '../../lab/network';
import { alternate } from '../alternate';
import { CAPTURES, pcapPlan, PCAP_HUGE_PAGE_MB, provideMemory } from '../pcap-port';
import { writeCapture } from '../capture';
import { Comparison } from '../comparison';
import { finding, Finding } from '../finding';
import { median } from '../median';
import { rateOf } from '../rate';
import { perCpuSecond } from '../reading';
import { RunningReceiver } from '../running-receiver';

const SUBSCRIBERS = [1, 8, 32, 128] as const;

/** What one more subscriber costs, beside what it costs to send a datagram back at all. */
export const fanout: Comparison = {
  name: 'fanout',
  what: 'kb-dpdk with fanout to 1 to 128 unicast subscribers against its one-to-one echo',
  byDefault: true,
  packages: [],
  run: async (bench) => {
    provideMemory(bench, PCAP_HUGE_PAGE_MB);
    const capture = bench.folder.file('fanout.pcap');
    writeCapture(capture, CAPTURES[1].frames, SENDER.mac, RECEIVER.mac);
    const builds = { echo: await bench.build('echo', ['kb-dpdk', 'kb-stats']), fanout: await bench.build('fanout', ['kb-dpdk', 'kb-stats']) };
    const sent = async (handler: keyof typeof builds, args: string) => {
      const place = { cpus: [bench.cores.receiver, bench.cores.housekeeping] };
      const plan = { ...pcapPlan(bench, capture), KB_HANDLER_ARGS: args };
      const receiver = await RunningReceiver.start(bench, builds[handler], 'kb-dpdk', place, plan);
      return rateOf({ read: () => receiver.read('sent'), stop: () => receiver.stop() }, bench.options.seconds, perCpuSecond);
    };
    const lists = SUBSCRIBERS.map((n) => subscriberFile(bench.folder.file(`subscribers-${n}`), n));
    const [echo, ...fans] = await alternate(bench.options.rounds, [
      () => sent('echo', ''), ...lists.map((file) => () => sent('fanout', `subscribers=${file}`)),
    ], (round) => bench.terminal.progress(`fanout: round ${round} of ${bench.options.rounds}`));
    const extra = extraNs(median(fans[0]), median(fans[fans.length - 1]));
    return SUBSCRIBERS.map((n, i): Finding => finding({
      comparison: 'fanout', metric: `${n} subscriber${n === 1 ? '' : 's'}`, unit: 'packets sent per CPU second',
      ...(i === 0 ? { note: `each subscriber more costs ${extra.toFixed(1)} ns a datagram, this port's driver included` } : {}),
    }, { name: 'kb-dpdk fanout', samples: fans[i] }, { name: 'kb-dpdk echo', samples: echo }));
  },
};

/** From the time for a datagram to one subscriber and to all of them. */
function extraNs(rateOfOne: number, rateOfAll: number): number {
  const all = SUBSCRIBERS[SUBSCRIBERS.length - 1];
  return (all * 1e9 / rateOfAll - 1e9 / rateOfOne) / (all - 1);
}

/** Behind the gateway, so that no neighbour has to be found first. */
function subscriberFile(file: string, n: number): string {
  fs.writeFileSync(file, Array.from({ length: n }, (_, i) => `198.19.0.${i + 1}:${10_000 + i}\n`).join(''));
  return file;
}

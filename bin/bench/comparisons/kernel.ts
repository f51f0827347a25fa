// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../../commands/command-error';
import { DataPlaneBuild } from '../../lab/build';
import { confine, Place } from '../../lab/confine';
import { Daemon } from '../../lab/daemon';
import { Network, RECEIVER } from '../../lab/network';
import { PACKAGE_ROOT } from '../../lab/package-root';
import { Undo } from '../../lab/undo';
import { alternate } from '../alternate';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { finding, Target } from '../finding';
import { RunningReceiver } from '../running-receiver';
import { SOCKPERF_PORT, SockperfClient } from '../sockperf';
import { threadTimeNs } from '../thread-time';

const HANDLER = path.join(PACKAGE_ROOT, 'bench', 'handlers', 'sockperf');
const LINK_MTU = 1500;
const START_MS = 500;
const SETTLE_MS = 300; // until the server has read what the socket still held

/** One server's answers: messages it took for each second of CPU, and half the round trip in µs. */
interface Served {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** A server under measurement. */
interface Server {
  /** Ends it; how many messages it took, and for how much CPU time of its receiving thread. */
  end(): Promise<{ messages: number; cpuNs: number }>;
}

type Start = (bench: BenchContext, place: Place) => Promise<Server>;

export const kernel: Comparison = {
  name: 'kernel',
  what: 'kb-kernel against sockperf server, both answering sockperf\'s own client over veth',
  byDefault: true,
  packages: ['sockperf'],
  run: async (bench) => {
    const build = await bench.build(HANDLER, ['kb-kernel', 'kb-stats']);
    const rounds = await alternate(bench.options.rounds, [
      // A thread that sleeps when there is nothing makes CPU time mean work, as sockperf's does.
      () => served(bench, kbKernel(build, 'wakeup'), kbKernel(build, 'spin')),
      () => served(bench, sockperfServer, sockperfServer),
    ], (round) => bench.terminal.progress(`kernel: round ${round} of ${bench.options.rounds}`));
    const side = (name: string, i: number, of: keyof Served) => ({ name, samples: rounds[i].map((one) => one[of]) });
    const answer = (metric: string, unit: string, of: keyof Served, target: Target) =>
      finding({ comparison: 'kernel', metric, unit, target }, side('kb-kernel', 0, of), side('sockperf server', 1, of));
    return [
      answer('flooded', 'messages per CPU second', 'rate', { atLeast: 1 }),
      answer('p50 at 100,000/s', 'µs of half a round trip', 'p50', { atMost: 1 }),
      answer('p99 at 100,000/s', 'µs of half a round trip', 'p99', { atMost: 1 }),
    ];
  },
};

function kbKernel(build: DataPlaneBuild, pollMode: string): Start {
  return async (bench, place) => {
    const receiver = await RunningReceiver.start(bench, build, 'kb-kernel', place, {
      KB_PLANE: 'kernel', KB_DATA_IFACE: 'kb1', KB_FLOWS: `udp:*:${SOCKPERF_PORT}`, KB_POLL_MODE: pollMode,
    });
    return {
      end: async () => {
        const { packets, cpuNs } = await receiver.read();
        await receiver.stop();
        return { messages: packets, cpuNs };
      },
    };
  };
}

const sockperfServer: Start = async (bench, place) => {
  const log = bench.folder.file('sockperf.log');
  const daemon = Daemon.start(confine(place, bench.options.peers.sockperf, ['server', '--ip', RECEIVER.address, '--port', String(SOCKPERF_PORT)]), process.env, log);
  await sleep(START_MS);
  if (daemon.failure !== undefined) {
    throw CommandError.retry(`sockperf server does not start: ${daemon.failure}`);
  }
  return {
    end: async () => {
      const cpuNs = threadTimeNs(daemon.pid, 'sockperf');
      await daemon.stop('SIGINT'); // on which it says how many it has handled
      const said = readFileSync(log, 'utf8');
      return { messages: Number(/Total (\d+) messages received/.exec(said)?.[1] ?? NaN), cpuNs };
    },
  };
};

/** A flood for the rate, then a steady load for the latency; a server and a wire of its own each. */
async function served(bench: BenchContext, flooded: Start, steady: Start): Promise<Served> {
  const taken = await onWire(bench, flooded, (client) => client.flood(bench.options.seconds));
  let latency = { p50: NaN, p99: NaN };
  await onWire(bench, steady, async (client) => {
    latency = await client.underLoad(bench.options.seconds);
  });
  return { rate: (taken.messages / taken.cpuNs) * 1e9, ...latency };
}

async function onWire(bench: BenchContext, start: Start, load: (client: SockperfClient) => Promise<void>): ReturnType<Server['end']> {
  const undo = new Undo();
  try {
    const network = await Network.create('bench', LINK_MTU, undo, bench.signal);
    const server = await start(bench, { namespace: network.rx.namespace, cpus: [bench.cores.receiver] });
    try {
      await load(new SockperfClient(bench.options.peers.sockperf, { namespace: network.tx.namespace, cpus: [bench.cores.generator] }, bench.signal));
    } catch (error) {
      await server.end();
      throw error;
    }
    await sleep(SETTLE_MS);
    return await server.end();
  } finally {
    await undo.run();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { DataPlaneBuild } from '../../lab/build';
import { confine, Place } from '../../lab/confine';
import { ealArguments } from '../../lab/eal';
import { Daemon } from '../../lab/daemon';
import { Network, PREFIX_LENGTH, RECEIVER, SENDER } from '../../lab/network';
import { Undo } from '../../lab/undo';
import { alternate } from '../alternate';
import { FEED_PORT, FRAME_BYTES } from '../capture';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { finding } from '../finding';
import { BURST, provideMemory } from '../pcap-port';
import { rateOf } from '../rate';
import { perSecond, Reading } from '../reading';
import { RunningReceiver } from '../running-receiver';
import { Testpmd } from '../testpmd';

const PAYLOAD = FRAME_BYTES - 42;
const FLOOD = '10000000'; // messages a second: more than a veth carries, so it is never idle
const MBUFS = 8192;
const HUGE_PAGE_MB = 64;
const LINK_MTU = 1500;

/** The same wire and the same driver below; a fresh wire for each measurement. */
export const afxdp: Comparison = {
  name: 'afxdp',
  what: 'kb-afxdp with the feed handler against testpmd over net_af_xdp, on a saturated veth',
  byDefault: true,
  packages: ['dpdk-dev', 'coreutils'],
  run: async (bench) => {
    provideMemory(bench, HUGE_PAGE_MB);
    const build = await bench.build('feed', ['kb-afxdp', 'kb-stats', 'kb-gen']);
    const ours = (network: Network, place: Place) => RunningReceiver.start(bench, build, 'kb-afxdp', place, {
      KB_PLANE: 'afxdp', KB_DATA_IFACE: network.rx.iface, KB_MTU: String(LINK_MTU), KB_BURST: String(BURST), KB_ZERO_COPY: 'auto',
      KB_POLL_MODE: 'busy-poll', KB_BUSY_POLL_US: '20', KB_FRAMES: String(MBUFS), KB_RX_RING: '2048', KB_BPF_DIR: bench.folder.file('bpf', 'afxdp'),
      KB_DATA_IP: RECEIVER.address, KB_DATA_PREFIX: String(PREFIX_LENGTH), KB_GATEWAY_IP: SENDER.address, KB_GATEWAY_MAC: SENDER.mac,
    });
    const peer = (network: Network, place: Place) => Testpmd.start(bench.options.peers.testpmd,
      `${ealArguments(bench.cores.housekeeping, `net_af_xdp0,iface=${network.rx.iface}`)} -m ${HUGE_PAGE_MB}`
        .replace(/--lcores=\S+/, `--lcores=0@${bench.cores.housekeeping},1@${bench.cores.receiver}`),
      place, MBUFS);
    const [mine, theirs] = await alternate(bench.options.rounds, [
      () => flooded(bench, build, ours), () => flooded(bench, build, peer),
    ], (round) => bench.terminal.progress(`afxdp: round ${round} of ${bench.options.rounds}`));
    return [finding({
      comparison: 'afxdp', metric: `${FRAME_BYTES}-byte frames`, unit: 'packets per second', target: { atLeast: 1 },
      note: 'the sender and the kernel\'s half of veth take one core, so the wire sets the ceiling of both',
    }, { name: 'kb-afxdp feed', samples: mine }, { name: 'testpmd rxonly', samples: theirs })];
  },
};

type Start = (network: Network, place: Place) => Promise<{ read(): Promise<Reading>; stop(): Promise<unknown> }>;

/** What a receiver takes off a wire on which there is always more. */
async function flooded(bench: BenchContext, build: DataPlaneBuild, start: Start): Promise<number> {
  const undo = new Undo();
  try {
    const network = await Network.create('bench', LINK_MTU, undo, bench.signal);
    const receiver = await start(network, { namespace: network.rx.namespace, cpus: [bench.cores.receiver, bench.cores.housekeeping] });
    const flood = Daemon.start(confine({ namespace: network.tx.namespace, cpus: [bench.cores.generator] }, build.program('kb-gen'), [
      '--to', `${RECEIVER.address}:${FEED_PORT}`, '--rate', FLOOD, '--size', String(PAYLOAD), '--seconds', '600',
      '--core', String(bench.cores.generator),
    ]), process.env, bench.folder.file('kb-gen.log'));
    try {
      await sleep(500); // ms: it calibrates its clock before it sends
      return await rateOf(receiver, bench.options.seconds, perSecond);
    } finally {
      await flood.stop();
    }
  } finally {
    await undo.run();
  }
}

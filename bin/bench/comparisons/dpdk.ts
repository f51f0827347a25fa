// SPDX-License-Identifier: Apache-2.0
import { RECEIVER, SENDER } from '../../lab/network';
import { writeCapture } from '../capture';
import { Comparison } from '../comparison';
import { BenchContext } from '../context';
import { Finding, finding } from '../finding';
import { CAPTURES, MBUFS, pcapEal, pcapPlan, PCAP_HUGE_PAGE_MB, provideMemory } from '../pcap-port';
import { perCpuSecond } from '../reading';
import { RunningReceiver } from '../running-receiver';
import { sideBySide } from '../side-by-side';
import { Testpmd } from '../testpmd';

/** The whole receiver, feed handler and statistics included, against a program that only counts. */
export const dpdk: Comparison = {
  name: 'dpdk',
  what: 'kb-dpdk with the feed handler against dpdk-testpmd rxonly, on a net_pcap port',
  byDefault: true,
  packages: ['dpdk-dev', 'coreutils'],
  run: async (bench) => {
    provideMemory(bench, 2 * PCAP_HUGE_PAGE_MB);
    const build = await bench.build('feed', ['kb-dpdk', 'kb-stats']);
    const found: Finding[] = [];
    for (const capture of CAPTURES) {
      const file = bench.folder.file(`${capture.frames}.pcap`);
      writeCapture(file, capture.frames, SENDER.mac, RECEIVER.mac);
      const place = { cpus: [bench.cores.receiver, bench.cores.housekeeping] };
      const ours = () => RunningReceiver.start(bench, build, 'kb-dpdk', place, pcapPlan(bench, file));
      const peer = () => Testpmd.start(bench.options.peers.testpmd, peerEal(bench, file), place, MBUFS);
      const [mine, theirs] = await sideBySide(bench.options.rounds, bench.options.seconds, [ours, peer], perCpuSecond, (round) => {
        bench.terminal.progress(`dpdk: ${capture.frames} frames, round ${round} of ${bench.options.rounds}`);
      });
      found.push(finding({
        comparison: 'dpdk', metric: `${capture.frames} frames`, unit: 'packets per CPU second', pairs: true, target: capture.target, note: capture.note,
      }, { name: 'kb-dpdk feed', samples: mine }, { name: 'testpmd rxonly', samples: theirs }));
    }
    return found;
  },
};

/** testpmd forwards on a worker thread: the second lcore. */
function peerEal(bench: BenchContext, file: string): string {
  return pcapEal(file, `0@${bench.cores.housekeeping},1@${bench.cores.receiver}`);
}

// SPDX-License-Identifier: Apache-2.0
import { Command } from './command';
import { CommandError } from './command-error';
import { guard, parseOptions } from './guard';
import { instanceFacts } from '../../lib/private/instance-facts';
import { RssHash } from '../../lib/rss-hash';
import { RssFlow, RssPlan } from '../../lib/rss-plan';
import { rssReport } from '../rss/report';

const HASHES = Object.values(RssHash);

const USAGE = `usage: kb rss --queues N --flow SOURCE:PORT-DESTINATION:PORT [--flow ...] [OPTION...]

Says which receive queue each UDP flow lands on, and gives an indirection table that spreads them.

  --queues N      receive queues of the data interface
  --flow F        one flow, such as 10.0.0.1:1000-10.1.0.2:9000; repeat for more
  --cores LIST    CPUs of the receive threads, one for each queue, such as 2-5
  --hash WHO      who drives the card: linux (planes kernel, xdp and afxdp; the default), dpdk, or
                  fixed-key (a card whose key cannot be changed, older than Nitro v4)
  --key HEX       the 40-byte key, as 'ethtool -x' shows it; a well-known one by default
  --type T        instance type: checks the number of queues, and says if it can steer flows
  --interface IF  name of the data interface on the host, for the commands (eth1)
  --json          as JSON
  --help          this text

Exit status: 0 planned, 2 the arguments are wrong.
`;

const OPTIONS = {
  queues: { type: 'string' },
  flow: { type: 'string', multiple: true },
  cores: { type: 'string' },
  hash: { type: 'string' },
  key: { type: 'string' },
  type: { type: 'string' },
  interface: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

export const rss: Command = {
  name: 'rss',
  summary: 'which queue and core each flow lands on, and a table that spreads them',
  run: (args) => guard('rss', () => {
    const options = parseOptions(args, OPTIONS);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    const hash = parseHash(options.hash);
    const queues = parseQueues(options.queues, options.type);
    const flows = (options.flow ?? []).map(parseFlow);
    const plan = planned(() => new RssPlan({ queues, flows, hash, key: options.key, receiveCores: options.cores }));
    const steering = options.type === undefined ? undefined : instanceFacts(options.type)!.nitro >= 5;
    const networkInterface = options.interface ?? 'eth1';
    console.log(options.json
      ? JSON.stringify({ hash, ...plan, weights: undefined, commands: plan.ethtoolCommands(networkInterface), steering }, null, 2)
      : rssReport(plan, networkInterface, steering));
    return 0;
  }),
};

/** An error of the library in the words of the command line. */
function planned(make: () => RssPlan): RssPlan {
  try {
    return make();
  } catch (error) {
    throw CommandError.usage((error as Error).message.replace("'flows'", "'--flow'").replace("'receiveCores'", "'--cores'").replace("'key'", "'--key'"));
  }
}

function parseHash(text = RssHash.LINUX as string): RssHash {
  if (!(HASHES as string[]).includes(text)) {
    throw CommandError.usage(`'--hash' must be one of ${HASHES.join(', ')}, got '${text}'`);
  }
  return text as RssHash;
}

function parseQueues(text: string | undefined, type: string | undefined): number {
  const facts = type === undefined ? undefined : instanceFacts(type);
  if (type !== undefined && facts === undefined) {
    throw CommandError.usage(`'--type' must be an instance type that 'kb instances' lists, got '${type}'`);
  }
  const most = facts?.cards[0].maxQueues ?? 128;
  const queues = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
  if (!(queues >= 1 && queues <= most)) {
    throw CommandError.usage(`'--queues' must be between 1 and ${most}${type === undefined ? '' : ` on ${type}`}, got '${text ?? ''}'`);
  }
  return queues;
}

function parseFlow(text: string): RssFlow {
  const match = /^([\d.]+):(\d+)-([\d.]+):(\d+)$/.exec(text);
  if (match === null) {
    throw CommandError.usage(`'--flow' must be SOURCE:PORT-DESTINATION:PORT such as 10.0.0.1:1000-10.1.0.2:9000, got '${text}'`);
  }
  const [, sourceAddress, sourcePort, destinationAddress, destinationPort] = match as unknown as string[];
  return { sourceAddress, sourcePort: Number(sourcePort), destinationAddress, destinationPort: Number(destinationPort) };
}

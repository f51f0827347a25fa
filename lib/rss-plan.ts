// SPDX-License-Identifier: Apache-2.0
import { parseCpuList } from './private/cpu-list';
import { addressNumber, enaHash } from './private/ena-hash';
import { defaultTable, freeTable, tableOfWeights, weights } from './private/rss-table';
import { formatKey, KEY_BYTES, MICROSOFT_KEY, parseKey } from './private/toeplitz';
import { RssHash } from './rss-hash';

const MAX_QUEUES = 128; // of one ENI, on the largest Nitro v6 types

/** One sender and one receiver of UDP datagrams: what receive-side scaling hashes. */
export interface RssFlow {
  /** IPv4 address of the sender. */
  readonly sourceAddress: string;

  /** UDP port of the sender. */
  readonly sourcePort: number;

  /** IPv4 address the datagrams are sent to; a multicast group is allowed. */
  readonly destinationAddress: string;

  /** UDP port the datagrams are sent to. */
  readonly destinationPort: number;
}

/** What an `RssPlan` plans for. */
export interface RssPlanProps {
  /** The flows to spread. */
  readonly flows: RssFlow[];

  /** Receive queues of the data interface. */
  readonly queues: number;

  /**
   * CPUs of the receive threads, one for each queue, in the kernel's notation: `2-5`.
   *
   * @default - placements name no CPU
   */
  readonly receiveCores?: string;

  /**
   * Who drives the card, which decides how it hashes.
   *
   * @default RssHash.LINUX
   */
  readonly hash?: RssHash;

  /**
   * The key to set, 40 bytes in hexadecimal, as `ethtool -x` shows it.
   *
   * @default - the example key of Microsoft's RSS specification
   */
  readonly key?: string;
}

/** Where a flow lands. */
export interface RssPlacement {
  readonly flow: RssFlow;

  /** The 32 bits the card computes. */
  readonly hash: number;

  /** Entry of the indirection table that the hash selects. */
  readonly entry: number;

  /** Queue with the table the drivers start with. */
  readonly defaultQueue: number;

  /** Queue with the planned table. */
  readonly queue: number;

  /**
   * CPU that polls the queue.
   *
   * @default - no receive cores were given
   */
  readonly core?: number;
}

/**
 * Which receive queue each flow lands on, and an indirection table that spreads the flows.
 *
 * An ENA selects the queue of a UDP datagram by a hash of its addresses and ports. With few flows the hash alone is
 * rarely fair: of four flows on four queues, some queue gets two or more nine times out of ten. The table is what can be
 * changed on every card.
 */
export class RssPlan {
  /** The key the plan holds for; `ethtoolCommands` sets it. Undefined for a card whose key cannot be changed. */
  public readonly key?: string;

  /** Where each flow lands, in the order given. */
  public readonly placements: RssPlacement[];

  /** The planned table: the queue of each of its 128 entries. */
  public readonly indirectionTable: number[];

  /** Flows on each queue with the table the drivers start with. */
  public readonly defaultFlowsPerQueue: number[];

  /** Flows on each queue with the planned table. */
  public readonly flowsPerQueue: number[];

  /** What the plan cannot do, and what it takes for granted. */
  public readonly notes: string[];

  private readonly weights?: number[];

  public constructor(props: RssPlanProps) {
    const hash = props.hash ?? RssHash.LINUX;
    const { queues, flows } = props;
    const cores = validate(props);
    const key = parseKey(props.key ?? MICROSOFT_KEY)!;
    const hashes = flows.map((flow) => enaHash(hash, key, flow));
    const before = defaultTable(queues);
    const entries = hashes.map((value) => value % before.length);
    if (hash !== RssHash.DPDK) {
      this.weights = weights(entries, queues);
    }
    this.indirectionTable = this.weights ? tableOfWeights(this.weights) : freeTable(entries, queues);
    this.key = hash === RssHash.FIXED_KEY ? undefined : formatKey(key);
    this.placements = flows.map((flow, i) => {
      const queue = this.indirectionTable[entries[i]];
      return { flow, hash: hashes[i], entry: entries[i], defaultQueue: before[entries[i]], queue, core: cores?.[queue] };
    });
    this.defaultFlowsPerQueue = count(this.placements.map((placement) => placement.defaultQueue), queues);
    this.flowsPerQueue = count(this.placements.map((placement) => placement.queue), queues);
    this.notes = [...shared(this.placements), ...general(hash, this.flowsPerQueue)];
  }

  /**
   * The commands that put the plan into force where Linux drives the card. Empty for DPDK, whose applications pass
   * `key` and `indirectionTable` to `rte_eth_dev_rss_hash_update` and `rte_eth_dev_rss_reta_update`.
   *
   * @param networkInterface name of the data interface on the host
   */
  public ethtoolCommands(networkInterface: string): string[] {
    if (this.weights === undefined) {
      return [];
    }
    const setKey = this.key === undefined ? [] : [`ethtool -X ${networkInterface} hfunc toeplitz hkey ${this.key}`];
    return [...setKey, `ethtool -X ${networkInterface} weight ${this.weights.join(' ')}`];
  }
}

/** Throws for what cannot be planned; returns the receive cores. */
function validate(props: RssPlanProps): number[] | undefined {
  const { queues, flows, receiveCores, key } = props;
  if (!Number.isInteger(queues) || queues < 1 || queues > MAX_QUEUES) {
    throw new Error(`'queues' must be a whole number between 1 and ${MAX_QUEUES}, got ${queues}`);
  }
  if (flows.length === 0) {
    throw new Error("'flows' must name at least one flow");
  }
  const seen = new Set<string>();
  for (const flow of flows) {
    validateFlow(flow);
    if (seen.has(flowText(flow))) {
      throw new Error(`'flows' has ${flowText(flow)} twice`);
    }
    seen.add(flowText(flow));
  }
  if (key !== undefined && parseKey(key) === undefined) {
    throw new Error(`'key' must be ${KEY_BYTES} bytes in hexadecimal such as ${MICROSOFT_KEY.slice(0, 11)}:..., got '${key}'`);
  }
  if (key !== undefined && props.hash === RssHash.FIXED_KEY) {
    throw new Error("'key' cannot be set on a card with a fixed key; leave it out");
  }
  if (receiveCores === undefined) {
    return undefined;
  }
  const cores = parseCpuList(receiveCores);
  if (cores === undefined) {
    throw new Error(`'receiveCores' must be a CPU list such as 2-5, got '${receiveCores}'`);
  }
  if (cores.length !== queues) {
    throw new Error(`'receiveCores' must name one CPU for each of the ${queues} queues, got ${cores.length} ('${receiveCores}')`);
  }
  return cores;
}

function validateFlow(flow: RssFlow): void {
  for (const address of [flow.sourceAddress, flow.destinationAddress]) {
    if (Number.isNaN(addressNumber(address))) {
      throw new Error(`a flow's addresses must be IPv4 such as 10.0.0.1, got '${address}' in ${flowText(flow)}`);
    }
  }
  for (const port of [flow.sourcePort, flow.destinationPort]) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new Error(`a flow's ports must be between 1 and 65535, got ${port} in ${flowText(flow)}`);
    }
  }
}

function flowText(flow: RssFlow): string {
  return `${flow.sourceAddress}:${flow.sourcePort}-${flow.destinationAddress}:${flow.destinationPort}`;
}

function count(queueOfFlow: readonly number[], queues: number): number[] {
  return Array.from({ length: queues }, (_, queue) => queueOfFlow.filter((other) => other === queue).length);
}

/** Flows that no table can part, because their hashes select the same entry. */
function shared(placements: readonly RssPlacement[]): string[] {
  const groups = new Map<number, string[]>();
  for (const { entry, flow } of placements) {
    groups.set(entry, [...groups.get(entry) ?? [], flowText(flow)]);
  }
  return [...groups]
    .filter(([, flows]) => flows.length > 1)
    .map(([entry, flows]) => `no table can part ${flows.join(' and ')}, which share entry ${entry}; another port or key would`);
}

function general(hash: RssHash, flowsPerQueue: readonly number[]): string[] {
  const idle = flowsPerQueue.flatMap((flows, queue) => (flows === 0 ? [queue] : []));
  const keys: Record<RssHash, string> = {
    [RssHash.LINUX]: 'the driver picks a random key at each start: the plan holds once this key has been set',
    [RssHash.DPDK]: 'the driver picks a random key at each start: the plan holds once the application has set this key and table',
    [RssHash.FIXED_KEY]: 'the key of this card cannot be changed: the plan holds for its built-in key',
  };
  return [
    ...(idle.length > 0 ? [`no flow lands on queue ${idle.join(', ')}`] : []),
    keys[hash],
    'only UDP and TCP in whole datagrams are hashed: fragments and all other protocols (ARP, IGMP, GRE) go to queue 0',
    'a flow here is one sender port: a sender that changes its port moves to another entry',
    'the table is taken to have 128 entries; `ethtool -x` shows the true number',
  ];
}

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { attempt, run, ShellOptions } from './shell';
import { Undo } from './undo';
import { CommandError } from '../commands/command-error';

/** One end of the wire: a network namespace with one interface. */
export interface End {
  readonly namespace: string;
  readonly iface: string;
  readonly address: string;
  readonly mac: string;
}

const PREFIX = 'kb-lab-';

/** Both ends' addresses: 198.18.0.0/15 is set aside for benchmarks (RFC 2544); the MACs are locally administered. */
export const SENDER = { address: '198.18.0.1', mac: '02:6b:62:00:00:01' };
export const RECEIVER = { address: '198.18.0.2', mac: '02:6b:62:00:00:02' };
export const PREFIX_LENGTH = 24;

/** Two network namespaces joined by a veth pair: the sender's host and the receiver's. */
export class Network {
  static async create(name: string, mtu: number, undo: Undo, signal: AbortSignal): Promise<Network> {
    const tx: End = { namespace: `${PREFIX}${process.pid}-${name}-tx`, iface: 'kb0', ...SENDER };
    const rx: End = { namespace: `${PREFIX}${process.pid}-${name}-rx`, iface: 'kb1', ...RECEIVER };
    const ip = (end: End, ...args: string[]) => run(...inside(end.namespace, 'ip', ...args), { signal });
    for (const end of [tx, rx]) {
      undo.add(`namespace ${end.namespace}`, () => removeNamespace(end.namespace));
      await run('ip', ['netns', 'add', end.namespace], { signal });
      // No IPv6: its router solicitations would be noise in every ledger.
      await run(...inside(end.namespace, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'), { signal });
    }
    const link = (end: End) => ['name', end.iface, 'address', end.mac, 'mtu', String(mtu), 'numtxqueues', '1', 'numrxqueues', '1'];
    await ip(tx, 'link', 'add', ...link(tx), 'type', 'veth', 'peer', ...link(rx), 'netns', rx.namespace);
    for (const [end, peer] of [[tx, rx], [rx, tx]]) {
      await ip(end, 'address', 'add', `${end.address}/${PREFIX_LENGTH}`, 'dev', end.iface);
      await ip(end, 'link', 'set', 'lo', 'up');
      await ip(end, 'link', 'set', end.iface, 'up');
      // A receiver that owns the port may leave ARP to nobody; the path must not depend on it.
      await ip(end, 'neighbour', 'replace', peer.address, 'lladdr', peer.mac, 'dev', end.iface, 'nud', 'permanent');
      await ip(end, 'route', 'add', '224.0.0.0/4', 'dev', end.iface);
    }
    return new Network(tx, rx);
  }

  private constructor(readonly tx: End, readonly rx: End) {}

  /** What the wire dropped before it reached the receiver's interface. */
  async droppedBySender(): Promise<number> {
    const [link] = JSON.parse(await run(...inside(this.tx.namespace, 'ip', '-s', '-j', 'link', 'show', 'dev', this.tx.iface))) as
      { stats64: { tx: { dropped: number } } }[];
    return link.stats64.tx.dropped;
  }

  /** A port that another program holds would share or steal the feed without a word. */
  async checkPortFree(port: number): Promise<void> {
    const table = await run(...inside(this.rx.namespace, 'cat', '/proc/net/udp'));
    if (udpPorts(table).includes(port)) {
      throw CommandError.usage(`UDP port ${port} of the plan's flows is in use in namespace ${this.rx.namespace}; end the program that holds it`);
    }
  }
}

/** Not `ip -n`, which mounts a sysfs of its own: that is not allowed everywhere, and the lab needs none. */
function inside(namespace: string, command: string, ...args: string[]): [string, string[]] {
  return ['nsenter', [`--net=/run/netns/${namespace}`, '--', command, ...args]];
}

/** The local ports in a table of /proc/net/udp. */
export function udpPorts(table: string): number[] {
  return [...table.matchAll(/^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})\s/gm)].map((row) => parseInt(row[1], 16));
}

/** Namespaces of labs that are gone; call only while holding the lock. */
export function leftoverNamespaces(folder = '/run/netns'): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^kb-lab-\d+-.+-[tr]x$/.test(name)) : [];
}

/** Ends what still runs in a namespace and removes it. */
export async function removeNamespace(namespace: string, options: ShellOptions = {}): Promise<void> {
  const { stdout } = await attempt('ip', ['netns', 'pids', namespace], options);
  for (const pid of stdout.split('\n').filter(Boolean).map(Number)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  if (fs.existsSync(`/run/netns/${namespace}`)) {
    await run('ip', ['netns', 'delete', namespace], options);
  }
}

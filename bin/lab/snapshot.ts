// SPDX-License-Identifier: Apache-2.0
import { Histogram } from './histogram';
import { Causes } from './ledger';
import { Mode } from './report';
import { run } from './shell';

/** What a receiver's stats page said at one moment. */
export interface Snapshot {
  readonly ready: boolean;
  /** Identifies the receiver: snapshots of two receivers cannot be compared. */
  readonly start: number;
  /** Changes each time the receiver has read the counters of its devices and sockets. */
  readonly heartbeat: number;
  readonly mode: Mode;
  readonly handler: string;
  /** Given to the handler and not refused by it. */
  readonly received: number;
  /** What the handler had sent, each copy counted. */
  readonly sent: number;
  readonly lost: Causes;
  readonly ignored: Causes;
  readonly oneWay: Histogram;
  readonly receive: Histogram;
}

/** What `kb-stats --json --histograms` prints, as far as the lab reads it. */
interface StatsJson {
  readonly ready: boolean;
  readonly startNs: number;
  readonly heartbeatNs: number;
  readonly mode: Mode;
  readonly handlerName: string;
  readonly received: number;
  readonly sent: number;
  readonly lost: Causes;
  readonly ignored: Causes;
  readonly latencyNs: { readonly receive: { readonly max: number }; readonly oneway: { readonly max: number } };
  readonly histograms: { readonly receive: readonly Triple[]; readonly oneway: readonly Triple[] };
}

type Triple = readonly [lowest: number, highest: number, count: number];

/** Reads a stats page. */
export async function takeSnapshot(kbStats: string, page: string): Promise<Snapshot> {
  return parseSnapshot(await run(kbStats, ['--json', '--histograms', '--page', page]));
}

export function parseSnapshot(text: string): Snapshot {
  const json = JSON.parse(text) as StatsJson;
  const { driver, xdp, copy, detail } = json.mode;
  return {
    ready: json.ready,
    start: json.startNs,
    heartbeat: json.heartbeatNs,
    mode: { driver, xdp, copy, detail },
    handler: json.handlerName,
    received: json.received,
    sent: json.sent,
    lost: json.lost,
    ignored: json.ignored,
    oneWay: histogram(json.histograms.oneway, json.latencyNs.oneway.max),
    receive: histogram(json.histograms.receive, json.latencyNs.receive.max),
  };
}

function histogram(triples: readonly Triple[], max: number): Histogram {
  return new Histogram(triples.map(([lowest, highest, count]) => ({ lowest, highest, count })), max);
}

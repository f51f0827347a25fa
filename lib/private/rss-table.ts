// SPDX-License-Identifier: Apache-2.0

/** Entries of an ENA's indirection table. A newer driver asks the card; every card known so far has 128. */
export const TABLE_ENTRIES = 128;

/** The table both drivers start with: round robin. */
export function defaultTable(queues: number): number[] {
  return Array.from({ length: TABLE_ENTRIES }, (_, entry) => entry % queues);
}

/**
 * A table that spreads the flows, any queue in any entry (DPDK). Entries with most flows go first, each to a queue
 * with fewest; the queue of the default table wins a tie, and entries without a flow stay as they are.
 *
 * @param entries the table entry of each flow
 */
export function freeTable(entries: readonly number[], queues: number): number[] {
  const table = defaultTable(queues);
  const load = Array<number>(queues).fill(0);
  const busiest = [...flowsPerEntry(entries)].sort(([a, flowsA], [b, flowsB]) => flowsB - flowsA || a - b);
  for (const [entry, flows] of busiest) {
    const least = Math.min(...load);
    const queue = load[table[entry]] === least ? table[entry] : load.indexOf(least);
    table[entry] = queue;
    load[queue] += flows;
  }
  return table;
}

/**
 * The weights of `ethtool -X ... weight` that spread the flows. ethtool gives each queue one unbroken run of entries, as
 * long as its weight; of all ways to cut the table into such runs this is one with the least sum of squared loads.
 *
 * @param entries the table entry of each flow
 */
export function weights(entries: readonly number[], queues: number): number[] {
  const occupied = [...flowsPerEntry(entries)].sort(([a], [b]) => a - b);
  const cuts = bestCuts(occupied.map(([, flows]) => flows), queues);
  // A cut between two occupied entries is placed half way, so that flows nobody planned for are shared too.
  const bounds = cuts.map((cut) => {
    if (cut === 0) {
      return 0;
    }
    return cut === occupied.length ? TABLE_ENTRIES : Math.ceil((occupied[cut - 1][0] + occupied[cut][0]) / 2);
  });
  return bounds.slice(1).map((bound, queue) => bound - bounds[queue]);
}

/** The table that these weights, which sum up to its size, make. */
export function tableOfWeights(queueWeights: readonly number[]): number[] {
  return queueWeights.flatMap((weight, queue) => Array<number>(weight).fill(queue));
}

function flowsPerEntry(entries: readonly number[]): Map<number, number> {
  const flows = new Map<number, number>();
  entries.forEach((entry) => flows.set(entry, (flows.get(entry) ?? 0) + 1));
  return flows;
}

/** Where to cut a row of loads into runs: `queues + 1` positions from 0 to the end. */
function bestCuts(loads: readonly number[], queues: number): number[] {
  const sums = [0];
  loads.forEach((load, i) => sums.push(sums[i] + load));
  // cost[i] is the least sum of squares for the first i loads; from[q][i] is where the run of queue q then starts.
  let cost = sums.map((sum) => (sum === 0 ? 0 : Infinity));
  const from: number[][] = [];
  for (let queue = 0; queue < queues; queue++) {
    const start = sums.map((_, end) => {
      const costs = sums.slice(0, end + 1).map((sum, i) => cost[i] + (sums[end] - sum) ** 2);
      return costs.lastIndexOf(Math.min(...costs)); // of equal cuts the one that leaves the last queues idle
    });
    const last = cost;
    cost = sums.map((sum, end) => last[start[end]] + (sum - sums[start[end]]) ** 2);
    from.push(start);
  }
  const cuts = [loads.length];
  for (let queue = queues - 1; queue >= 0; queue--) {
    cuts.unshift(from[queue][cuts[0]]);
  }
  return cuts;
}

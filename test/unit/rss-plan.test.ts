// SPDX-License-Identifier: Apache-2.0
import { defaultTable, freeTable, tableOfWeights, weights } from '../../lib/private/rss-table';
import { MICROSOFT_KEY } from '../../lib/private/toeplitz';
import { RssHash } from '../../lib/rss-hash';
import { RssFlow, RssPlan, RssPlanProps } from '../../lib/rss-plan';

function flows(count: number): RssFlow[] {
  return Array.from({ length: count }, (_, i) => ({
    sourceAddress: '10.0.0.1', sourcePort: 1000 + i, destinationAddress: '10.1.0.2', destinationPort: 9000,
  }));
}

/** How the ethtool program turns weights into a table (do_srxfhindir), whatever their sum. */
function ethtoolTable(queueWeights: readonly number[]): number[] {
  const sum = queueWeights.reduce((a, b) => a + b, 0);
  let queue = -1;
  let partial = 0;
  return Array.from({ length: 128 }, (_, entry) => {
    while (entry >= Math.trunc((128 * partial) / sum)) {
      partial += queueWeights[++queue];
    }
    return queue;
  });
}

/** The fewest flows the fullest queue can have, by trying every assignment of entries to queues. */
function leastMaximum(loads: number[], queues: number, load = Array<number>(queues).fill(0)): number {
  if (loads.length === 0) {
    return Math.max(...load);
  }
  return Math.min(...load.map((_, queue) => leastMaximum(loads.slice(1), queues, load.map((value, i) => (i === queue ? value + loads[0] : value)))));
}

const loadOf = (table: readonly number[], entries: readonly number[], queues: number) =>
  Array.from({ length: queues }, (_, queue) => entries.filter((entry) => table[entry] === queue).length);

describe('tables', () => {
  test.each<[string, number[], number, number[]]>([
    ['one flow each', [5, 6, 70, 100], 4, [1, 1, 1, 1]],
    ['all of them neighbours', [0, 1, 2, 3], 4, [1, 1, 1, 1]],
    ['at both ends', [0, 127], 2, [1, 1]],
    ['one more flow than queues', [1, 2, 3, 4, 5], 4, [2, 1, 1, 1]],
    ['two in one entry', [9, 9, 20, 30], 3, [2, 1, 1]],
    ['fewer flows than queues', [64], 4, [1, 0, 0, 0]],
    ['all in one entry', [3, 3, 3], 2, [3, 0]],
  ])('%s', (_, entries, queues, sortedLoads) => {
    const queueWeights = weights(entries, queues);
    expect(queueWeights).toHaveLength(queues);
    expect(queueWeights.reduce((a, b) => a + b, 0)).toBe(128);
    expect(loadOf(tableOfWeights(queueWeights), entries, queues).sort((a, b) => b - a)).toEqual(sortedLoads);
    expect(loadOf(freeTable(entries, queues), entries, queues).sort((a, b) => b - a)).toEqual(sortedLoads);
  });

  test('ethtool makes of the weights the table that was planned', () => {
    for (const entries of [[0], [127], [0, 127], [3, 3, 60], [10, 11, 12, 90, 91, 127]]) {
      for (const queues of [1, 2, 3, 4, 7, 32]) {
        expect(ethtoolTable(weights(entries, queues))).toEqual(tableOfWeights(weights(entries, queues)));
      }
    }
  });

  test('no assignment of entries is fairer than the free table; no cut is worse than an entry above it', () => {
    let seed = 1; // a fixed sequence: a failure can be repeated
    const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 60; round++) {
      const entries = Array.from({ length: 1 + next(7) }, () => next(8) * 16);
      const queues = 1 + next(3);
      const loads = [...new Set(entries)].map((entry) => entries.filter((other) => other === entry).length);
      const best = leastMaximum(loads, queues);
      const free = Math.max(...loadOf(freeTable(entries, queues), entries, queues));
      const cut = Math.max(...loadOf(tableOfWeights(weights(entries, queues)), entries, queues));
      expect({ entries, queues, free }).toEqual({ entries, queues, free: best });
      expect(cut).toBeLessThan(best + Math.max(...loads));
    }
  });

  test('the free table changes nothing without need', () => {
    const table = freeTable([0, 1, 2, 3], 4);
    expect(table).toEqual(defaultTable(4));
  });
});

describe('RssPlan', () => {
  test('spreads sixteen flows that the default table piles up', () => {
    for (const hash of Object.values(RssHash)) {
      const plan = new RssPlan({ flows: flows(16), queues: 8, hash });
      expect(plan.flowsPerQueue).toEqual(Array(8).fill(2));
      expect(Math.max(...plan.defaultFlowsPerQueue)).toBeGreaterThanOrEqual(2);
      expect(plan.placements.map(({ queue }) => queue)).toEqual(plan.placements.map(({ entry }) => plan.indirectionTable[entry]));
    }
  });

  test('is the same each time', () => {
    const props: RssPlanProps = { flows: flows(9), queues: 4, receiveCores: '2-5' };
    expect(JSON.stringify(new RssPlan(props))).toBe(JSON.stringify(new RssPlan(props)));
  });

  test('names the core of each queue, in the order of the list', () => {
    const plan = new RssPlan({ flows: flows(4), queues: 4, receiveCores: '2-3,8-9' });
    expect(plan.placements.map(({ queue, core }) => core === [2, 3, 8, 9][queue])).toEqual([true, true, true, true]);
  });

  test('Linux: sets the key, then the weights', () => {
    const plan = new RssPlan({ flows: flows(4), queues: 4 });
    const [key, table] = plan.ethtoolCommands('eth1');
    expect(key).toBe(`ethtool -X eth1 hfunc toeplitz hkey ${MICROSOFT_KEY}`);
    expect(ethtoolTable(table.replace('ethtool -X eth1 weight ', '').split(' ').map(Number))).toEqual(plan.indirectionTable);
    expect(plan.notes[0]).toMatch(/random key at each start: the plan holds once this key has been set/);
  });

  test('DPDK: no commands; a key of one\'s own', () => {
    const key = MICROSOFT_KEY.replace(/^6d/, '01');
    const plan = new RssPlan({ flows: flows(4), queues: 4, hash: RssHash.DPDK, key });
    expect(plan.ethtoolCommands('eth1')).toEqual([]);
    expect(plan.key).toBe(key);
  });

  test('a fixed key is neither set nor shown', () => {
    const plan = new RssPlan({ flows: flows(4), queues: 4, hash: RssHash.FIXED_KEY });
    expect(plan.key).toBeUndefined();
    expect(plan.ethtoolCommands('eth1')).toHaveLength(1);
  });

  test('says which flows no table can part, and which queues stay idle', () => {
    const many = new RssPlan({ flows: flows(129), queues: 2 });
    expect(many.notes.some((note) => /^no table can part 10\.0\.0\.1:\d+-10\.1\.0\.2:9000 and .*share entry \d+/.test(note))).toBe(true);
    expect(new RssPlan({ flows: flows(1), queues: 3 }).notes[0]).toBe('no flow lands on queue 1, 2');
  });

  const good: RssPlanProps = { flows: flows(2), queues: 2 };
  const [first] = flows(1) as [RssFlow];
  test.each<[Partial<RssPlanProps>, string]>([
    [{ queues: 0 }, "'queues' must be a whole number between 1 and 128, got 0"],
    [{ queues: 129 }, "'queues' must be a whole number between 1 and 128, got 129"],
    [{ queues: 1.5 }, "'queues' must be a whole number between 1 and 128, got 1.5"],
    [{ flows: [] }, "'flows' must name at least one flow"],
    [{ flows: [first, first] }, "'flows' has 10.0.0.1:1000-10.1.0.2:9000 twice"],
    [{ flows: [{ ...first, sourcePort: 0 }] }, "a flow's ports must be between 1 and 65535, got 0 in 10.0.0.1:0-10.1.0.2:9000"],
    [{ flows: [{ ...first, destinationPort: 65536 }] }, "a flow's ports must be between 1 and 65535, got 65536 in 10.0.0.1:1000-10.1.0.2:65536"],
    [{ flows: [{ ...first, destinationAddress: '10.1.0.256' }] }, "a flow's addresses must be IPv4 such as 10.0.0.1, got '10.1.0.256' in 10.0.0.1:1000-10.1.0.256:9000"],
    [{ flows: [{ ...first, sourceAddress: 'fe80::1' }] }, "a flow's addresses must be IPv4 such as 10.0.0.1, got 'fe80::1' in fe80::1:1000-10.1.0.2:9000"],
    [{ key: 'abc' }, "'key' must be 40 bytes in hexadecimal such as 6d:5a:56:da:..., got 'abc'"],
    [{ key: MICROSOFT_KEY, hash: RssHash.FIXED_KEY }, "'key' cannot be set on a card with a fixed key; leave it out"],
    [{ receiveCores: '2..3' }, "'receiveCores' must be a CPU list such as 2-5, got '2..3'"],
    [{ receiveCores: '2-4' }, "'receiveCores' must name one CPU for each of the 2 queues, got 3 ('2-4')"],
  ])('%j is refused', (change, message) => {
    expect(() => new RssPlan({ ...good, ...change })).toThrow(new Error(message));
  });
});

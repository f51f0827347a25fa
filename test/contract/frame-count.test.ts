// SPDX-License-Identifier: Apache-2.0
import { leastFrames, MAX_FRAMES } from '../../lib/private/frame-count';
import { read } from './files';

/* What the stack accepts as the buffers of a queue, a receiver must not refuse an hour later. */

const RINGS = [128, 256, 512, 1024, 2048, 4096, 8192, 16384];
const SETTINGS = RINGS.flatMap(rx => RINGS.filter(tx => tx <= 1024).flatMap(tx =>
  [1, 64, 256].filter(burst => burst <= rx).map(burst => ({ rx, tx, burst }))));

interface Setting { readonly rx: number; readonly tx: number; readonly burst: number }

/** A sum of the receivers' source as a function of the settings; a name stands for the most that the source gives it. */
function sum(source: string, expression: string): (setting: Setting) => number {
  const factor = (word: string): ((setting: Setting) => number) => {
    switch (word) {
      case 'cfg->rx_ring': return ({ rx }) => rx;
      case 'cfg->tx_ring': return ({ tx }) => tx;
      case 'cfg->burst': return ({ burst }) => burst;
    }
    if (/^\d+u?$/.test(word)) {
      return () => parseInt(word, 10);
    }
    const given = [...source.matchAll(new RegExp(`\\b${word}\\b(?:\\s+|\\s*=[^;]*?)((?:\\d+u?\\s*[:;]?\\s*)+)`, 'g'))]
      .flatMap(([, numbers]) => [...numbers.matchAll(/\d+/g)].map(Number));
    if (given.length === 0) {
      throw new Error(`the source gives no number for '${word}' of '${expression}'`);
    }
    return () => Math.max(...given);
  };
  const products = expression.split('+').map(product => product.split('*').map(word => factor(word.trim())));
  return setting => products.reduce((total, product) => total + product.reduce((value, each) => value * each(setting), 1), 0);
}

const PORT = read('assets/dataplane/src/backend/dpdk/port.c');
const XSK = read('assets/dataplane/src/backend/afxdp/xsk.c');
const CONFIG = read('assets/dataplane/src/config.c');

test.each([
  ['dpdk', PORT, /const uint32_t frames =([^;]+);\s+if \(cfg->frames < frames\)/],
  ['afxdp', XSK, /if \(cfg->frames < (cfg->[^)]+)\)/],
] as const)('%s starts with the fewest buffers that a stack accepts', (plane, source, refusal) => {
  const [, expression] = refusal.exec(source)!;
  const needs = sum(source, expression);
  expect(needs({ rx: 4096, tx: 512, burst: 64 })).toBeGreaterThanOrEqual(4096 + 512);
  expect(SETTINGS.filter(setting => leastFrames(plane, setting.rx, setting.tx, setting.burst) < needs(setting))).toEqual([]);
});

test('the most buffers are as many for both', () => {
  expect(/\{"KB_FRAMES", NUMBER, AT\(frames\), \d+, (\d+),/.exec(CONFIG)![1]).toBe(`${MAX_FRAMES}`);
});

test('a receiver refuses a burst that is larger than its ring', () => {
  expect(CONFIG).toContain('if (use & RINGS && cfg->burst > cfg->rx_ring)');
});

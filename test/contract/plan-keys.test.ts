// SPDX-License-Identifier: Apache-2.0
import { PLAN_KEY_NAMES, PLAN_KEYS, planKey } from '../../lib/private/plan-keys';
import { plan } from '../unit/fixtures/plan-input';
import { architectureTable, quoted, read, readAll } from './files';

const keysIn = (text: string): string[] => [...new Set(text.match(/\bKB_[A-Z0-9_]+\b/g))].sort();

/** ARCHITECTURE.md's table; one row may name several keys. */
const DOCUMENTED = architectureTable('The plan').flatMap(([keys, , readBy]) => quoted(keys).map(key => [key, readBy] as const));
const HOST_KEYS = keysIn(architectureTable('Paths on the host').find(([path]) => path === '`/run/kb/host.env`')![1]);
const RECEIVER_KEYS = keysIn(/A receiver also accepts these.*/.exec(read('ARCHITECTURE.md'))![0]);
const HOST_SIDE = { ...readAll('userdata'), ...readAll('assets/systemd') };
const C_TABLE = [...read('assets/dataplane/src/config.c').matchAll(/^\t\{"(KB_[A-Z0-9_]+)",/gm)].map(([, key]) => key);

test('ARCHITECTURE.md and plan-keys.ts have the same keys, read by the same', () => {
  const ours = PLAN_KEY_NAMES.map(name => [name, planKey(name).readBy] as const);
  expect(Object.fromEntries(DOCUMENTED)).toEqual(Object.fromEntries(ours));
});

test('the host uses only keys of the plan and those it finds itself', () => {
  const known = [...PLAN_KEY_NAMES, ...HOST_KEYS, ...RECEIVER_KEYS, 'KB_ROOT'];
  const strangers = Object.entries(HOST_SIDE).flatMap(([file, text]) =>
    // KB_X stands for any key in messages and comments.
    keysIn(text).filter(key => key !== 'KB_X' && !known.includes(key)).map(key => `${file}: ${key}`));
  expect(strangers).toEqual([]);
});

test('the receivers read only keys of the plan and those ARCHITECTURE.md grants them', () => {
  expect(C_TABLE.length).toBeGreaterThan(20);
  expect(C_TABLE.filter(key => !([...PLAN_KEY_NAMES, ...RECEIVER_KEYS] as string[]).includes(key))).toEqual([]);
});

test('every key of the plan is read by somebody', () => {
  const read_ = new Set([...C_TABLE, ...Object.values(HOST_SIDE).flatMap(keysIn)]);
  expect(PLAN_KEY_NAMES.filter(key => !read_.has(key))).toEqual([]);
});

describe('the receivers accept every word the plan may hold', () => {
  test.each([
    ['planes', 'KB_PLANE'], ['poll_modes', 'KB_POLL_MODE'], ['xdp_modes', 'KB_XDP_MODE'], ['zero_copies', 'KB_ZERO_COPY'],
    ['unmatcheds', 'KB_UNMATCHED'],
  ] as const)('%s', (list, key) => {
    const inC = new RegExp(`\\b${list}\\[\\] = \\{([^}]*)\\}`).exec(read('assets/dataplane/src/config.c'))![1];
    const words = [...inC.matchAll(/"([^"]+)"/g)].map(([, word]) => word);
    const inPlan = /^\^\((.*)\)\$$/.exec(PLAN_KEYS[key].form.source)![1].split('|');
    expect(words.sort()).toEqual(inPlan.sort());
  });
});

test('the receivers accept every number the plan may hold', () => {
  const source = read('assets/dataplane/src/config.c');
  const bounds = [...source.matchAll(/\{"(KB_[A-Z0-9_]+)", (?:NUMBER|POWER), AT\(\w+\), (\d+), (\w+),/g)]
    .map(([, key, min, max]) => ({ key, min: Number(min), max: max === 'KB_MAX_QUEUES' ? 128 : Number(max) }));
  expect(bounds.length).toBeGreaterThan(8);
  // The least and the most that host-plan.ts lets through; test/unit/host-plan.test.ts tests those bounds.
  const most: Record<string, [number, number]> = {
    KB_PLAN_VERSION: [1, 1], KB_QUEUES: [1, 128], KB_MTU: [576, 9001], KB_RX_RING: [128, 16384], KB_TX_RING: [128, 1024],
    KB_FRAMES: [256, 1048576], KB_BURST: [1, 256], KB_SOCKET_BUFFER_KB: [64, 1048575], KB_BUSY_POLL_US: [0, 1000],
    KB_STATS_INTERVAL_MS: [1000, 1000], KB_PROMETHEUS_PORT: [0, 65535],
  };
  for (const { key, min, max } of bounds.filter(bound => bound.key in plan().values)) {
    const [least, greatest] = most[key] ?? [NaN, NaN];
    expect({ key, accepted: least >= min && greatest <= max }).toEqual({ key, accepted: true });
  }
});

test('bootstrap.sh expects the plan where we put it', () => {
  expect(read('userdata/bootstrap.sh')).toContain("sed '1,/^# kb-plan$/d'");
});

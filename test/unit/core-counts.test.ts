// SPDX-License-Identifier: Apache-2.0
import { compressCores, expandCores } from '../../lib/private/core-counts';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';

test.each<[number[], string]>([
  [[], ''],
  [[1], '1'],
  [[1, 2], '1,2'],
  [[1, 2, 3], '1-3'],
  [[4, 6, 8, 10], '4-10/2'],
  [[8, 4, 6, 4], '4-8/2'],
  [[1, 2, 4, 6, 8], '1,2-8/2'],
  [[1, 2, 3, 4, 8, 12, 16], '1-4,8-16/4'],
  [[4, 6, 8, 32, 64, 96, 100], '4-8/2,32-96/32,100'],
])('%p is written %p, and read back', (counts, text) => {
  expect(compressCores(counts)).toBe(text);
  expect(expandCores(text)).toEqual([...new Set(counts)].sort((a, b) => a - b));
});

test('every list in the table survives being read and written', () => {
  for (const [, cores, , , , , validCores] of INSTANCE_TABLE) {
    expect(compressCores(expandCores(validCores))).toBe(validCores);
    expect(validCores === '' || expandCores(validCores).includes(cores)).toBe(true);
  }
});

test.each(['x', '4-', '-4', '4-2', '4-8/0', '4,,8', '4-8/2/2', ' 4'])('%p is refused', (text) => {
  expect(() => expandCores(text)).toThrow(/is not a list of core counts such as 4-64\/2/);
});

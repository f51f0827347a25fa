// SPDX-License-Identifier: Apache-2.0
import { formatCpuList, parseCpuList } from '../../lib/private/cpu-list';

test.each<[string, number[]]>([
  ['0', [0]],
  ['2-4', [2, 3, 4]],
  ['8,0-1', [0, 1, 8]],
  ['1,1-2', [1, 2]],
])('parses %s', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus);
});

test.each(['', '-1', '1-', 'a', '1,', '1;2', '1-2-3', '0-99999999', ' 1'])('refuses %j', text => {
  expect(parseCpuList(text)).toBeUndefined();
});

test.each<[number[], string]>([
  [[], ''],
  [[3], '3'],
  [[0, 1], '0-1'],
  [[0, 1, 2, 5, 7, 8], '0-2,5,7-8'],
])('formats %j', (cpus, text) => {
  expect(formatCpuList(cpus)).toBe(text);
});

// SPDX-License-Identifier: Apache-2.0
import { expandCores } from '../../lib/private/core-counts';
import type { InstanceRow } from '../../lib/private/instance-row';

/** A row with its columns named, for `--json`. */
export function instanceObject(row: InstanceRow): object {
  const [type, cores, threads, memoryGiB, flagText, cards, validCores, gbps, nitro, numaNodes, usdPerHour] = row;
  const flags = flagText.split(' ');
  return {
    type,
    vcpus: cores * threads,
    cores,
    threadsPerCore: threads,
    validThreadsPerCore: validCores === '' ? [] : threads === 2 ? [1, 2] : [1],
    validCores: expandCores(validCores),
    memoryGiB,
    architecture: flags.includes('arm') ? 'arm64' : 'x86_64',
    metal: flags.includes('metal'),
    networkCards: cards.map(([enis, defaultQueues, maxQueues, cardQueues, baselineGbps, peakGbps]) => ({
      enis,
      defaultQueuesPerEni: defaultQueues,
      maxQueuesPerEni: maxQueues,
      maxQueues: cardQueues === 0 ? enis * defaultQueues : cardQueues,
      baselineGbps,
      peakGbps,
    })),
    enis: cards.reduce((sum, card) => sum + card[0], 0),
    gbps,
    flexibleQueues: flags.includes('queues'),
    enaExpress: flags.includes('srd'),
    ptpHardwareClock: flags.includes('phc'),
    nitro,
    flowSteering: nitro >= 5,
    expectedNumaNodes: numaNodes,
    usdPerHour: usdPerHour === 0 ? undefined : usdPerHour,
  };
}

const COLUMNS: [title: string, value: (row: InstanceRow) => string][] = [
  ['type', (row) => row[0]],
  ['vCPUs', (row) => String(row[1] * row[2])],
  ['cores', (row) => String(row[1])],
  ['GiB', (row) => String(row[3])],
  ['NUMA', (row) => String(row[9])],
  ['Gbit/s', (row) => String(row[7])],
  ['cards', (row) => String(row[5].length)],
  ['ENIs', (row) => String(row[5].reduce((sum, card) => sum + card[0], 0))],
  ['queues', (row) => String(row[5][0][2])],
  ['Nitro', (row) => `v${row[8]}`],
  ['steering', (row) => (row[8] >= 5 ? 'yes' : '-')],
  ['PHC', (row) => (row[4].split(' ').includes('phc') ? 'yes' : '-')],
  ['Express', (row) => (row[4].split(' ').includes('srd') ? 'yes' : '-')],
  ['USD/h', (row) => (row[10] === 0 ? '-' : row[10].toFixed(3))],
];

/** Rows as a table for people: names to the left, numbers to the right. */
export function instanceList(rows: readonly InstanceRow[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, value]) => value(row)))];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}

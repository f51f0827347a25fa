// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { parseInstanceTypes } from '../../bin/instances/describe';
import { FAMILIES } from '../../bin/instances/families';
import { numaNodes } from '../../bin/instances/numa-nodes';
import { pricesInTable } from '../../bin/instances/prices';
import { instanceRows } from '../../bin/instances/rows';
import { tableFile } from '../../bin/instances/table-file';
import { expandCores } from '../../lib/private/core-counts';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';

const recorded = join(__dirname, 'fixtures', 'describe-instance-types.json');
const answer = (): InstanceTypeInfo[] => parseInstanceTypes(readFileSync(recorded, 'utf8'), recorded);

/** The recorded answer with one type changed before it is read. */
function changed(type: string, change: (info: InstanceTypeInfo) => void): InstanceTypeInfo[] {
  const types = answer();
  change(types.find((info) => info.InstanceType === type)!);
  return types;
}

describe('rows', () => {
  test('the table holds what the recorded answers say', () => {
    const rows = instanceRows(answer(), pricesInTable().usdPerHour);
    expect(rows.map(([type]) => type)).toEqual([
      'c6i.32xlarge', 'c6in.4xlarge', 'c6in.32xlarge', 'c6in.metal', 'c7a.32xlarge', 'c7gn.16xlarge',
      'm8azn.24xlarge', 'c8in.96xlarge', 'c8in.metal-96xl',
    ]);
    for (const row of rows) {
      expect(INSTANCE_TABLE).toContainEqual(row);
    }
  });

  test('every column of one row', () => {
    const [row] = instanceRows(answer().filter((info) => info.InstanceType === 'c6in.32xlarge'), { 'c6in.32xlarge': 7.2576 });
    expect(row).toEqual([
      'c6in.32xlarge', 64, 2, 256, 'queues srd', [[8, 32, 32, 256, 170, 170], [8, 32, 32, 256, 170, 170]], '4-64/2', 200, 4, 2, 7.2576,
    ]);
  });

  test('a type with no price has 0', () => {
    expect(instanceRows(answer(), {}).map((row) => row[10])).toEqual(Array(9).fill(0));
  });

  test('without flexible queues an ENI has its default, and the card no stated sum', () => {
    const row = instanceRows(answer(), {}).find(([type]) => type === 'c7gn.16xlarge')!;
    expect(row[4]).toBe('srd arm');
    expect(row[5]).toEqual([[15, 32, 32, 0, 200, 200]]);
  });

  test.each<[string, (info: InstanceTypeInfo) => void, RegExp]>([
    ['a Nitro v6 that families.ts calls v4', (info) => (info.NetworkInfo!.ConnectionTrackingConfiguration!.DefaultTcpEstablishedTimeout = 350), /families.ts says Nitro v4, but idle TCP connections are tracked for 350 s/],
    ['threads that cannot be turned off', (info) => (info.VCpuInfo!.ValidThreadsPerCore = [2]), /valid threads per core are 2, not 1,2/],
    ['vCPUs that do not add up', (info) => (info.VCpuInfo!.DefaultVCpus = 127), /vCPUs are not cores x threads/],
    ['another hypervisor', (info) => (info.Hypervisor = 'xen'), /the hypervisor is 'xen'/],
    ['no ENA', (info) => (info.NetworkInfo!.EnaSupport = 'unsupported'), /EnaSupport is 'unsupported'/],
    ['another default card', (info) => (info.NetworkInfo!.DefaultNetworkCardIndex = 1), /the default network card is 1, not 0/],
    ['an unknown wording', (info) => (info.NetworkInfo!.NetworkPerformance = 'Very fast'), /network performance 'Very fast' is not of a form/],
  ])('%s stops the generator', (_, change, message) => {
    expect(() => instanceRows(changed('c6in.32xlarge', change), {})).toThrow(message);
  });
});

test.each<[string, string, number, number | undefined, number]>([
  ['c6in.16xlarge: any number of cores', '1-32', 32, undefined, 1],
  ['c6in.32xlarge: two sockets', '4-64/2', 64, undefined, 2],
  ['c8in.48xlarge: one socket of three dies', '6-96/3', 96, undefined, 3],
  ['c8in.96xlarge: two of them', '12-192/6', 192, undefined, 6],
  ['m8azn.24xlarge: gaps in the list', '4-16/2,32-96/16', 96, undefined, 2],
  ['c5n.9xlarge: even counts from 2 are one node', '2-18/2', 18, undefined, 1],
  ['c6i.32xlarge: even counts from 2, but two sockets', '2-64/2', 64, 32, 2],
  ['c6i.16xlarge: one socket', '2-32/2', 32, 32, 1],
])('NUMA nodes of %s', (_, validCores, cores, socketCores, nodes) => {
  expect(numaNodes(expandCores(validCores), cores, socketCores)).toBe(nodes);
});

describe('the table', () => {
  test('is the text the generator writes', () => {
    const text = readFileSync(join(__dirname, '../../lib/private/instance-table.ts'), 'utf8');
    const [, source, date] = /from (.*), (\d{4}-\d{2}-\d{2})\.$/m.exec(text)!;
    expect(tableFile(INSTANCE_TABLE, { source, date }, pricesInTable())).toBe(text);
  });

  test('has each family once, in the order of families.ts, and each type once', () => {
    const families = INSTANCE_TABLE.map(([type]) => type.split('.')[0]);
    expect(families.filter((family, i) => family !== families[i - 1])).toEqual([...FAMILIES.keys()]);
    expect(new Set(INSTANCE_TABLE.map(([type]) => type)).size).toBe(INSTANCE_TABLE.length);
  });

  test('agrees with itself', () => {
    for (const [type, cores, threads, memoryGiB, flags, cards, validCores, gbps, nitro, nodes] of INSTANCE_TABLE) {
      const flag = flags.split(' ');
      const problems = [
        [1, 2].includes(threads) || 'threads',
        memoryGiB >= cores || 'memory',
        flag.includes('metal') === type.includes('metal') || 'metal',
        nitro === FAMILIES.get(type.split('.')[0])!.nitro || 'nitro',
        cores % nodes === 0 || 'nodes',
        !flag.includes('metal') || validCores === '' || 'metal takes no core count',
        cards.every((card) => card[1] <= card[2]) || 'default queues above the most',
        cards.every((card) => card[4] <= card[5] && card[5] <= gbps) || 'bandwidth',
        cards.every((card) => (card[3] > 0) === flag.includes('queues')) || 'queues of a card',
      ].filter((problem) => problem !== true);
      expect([type, problems]).toEqual([type, []]);
    }
  });

  test('a bare-metal type has the NUMA nodes of the virtual type with as many cores', () => {
    for (const [type, cores, , , flags, , , , , nodes] of INSTANCE_TABLE.filter((row) => row[4].includes('metal'))) {
      const family = `${type.split('.')[0]}.`;
      const twin = INSTANCE_TABLE.find((row) => row[0].startsWith(family) && row[1] === cores && row[4] !== flags);
      expect([type, nodes]).toEqual([type, twin?.[9]]);
    }
  });
});

// SPDX-License-Identifier: Apache-2.0
import type { InstanceRow } from './instance-table';
import { INSTANCE_TABLE } from './instance-table';

export interface NetworkCardFacts {
  readonly interfaces: number;
  readonly defaultQueues: number;
  readonly maxQueues: number;
  /** All ENIs of the card together; 0 where EC2 publishes no such limit. */
  readonly totalQueues: number;
}

/** What an instance type can do, as far as EC2 publishes it. The host checks the rest when it boots. */
export interface InstanceFacts {
  readonly instanceType: string;
  readonly arch: 'x86_64' | 'arm64';
  readonly cores: number;
  /** Hardware threads per core when CpuOptions says nothing. */
  readonly threadsPerCore: number;
  readonly numaNodes: number;
  readonly memoryGiB: number;
  readonly nitro: number;
  readonly metal: boolean;
  /** EnaQueueCount may be chosen at launch. */
  readonly flexibleQueues: boolean;
  readonly enaExpress: boolean;
  readonly ptpHardwareClock: boolean;
  readonly cards: readonly NetworkCardFacts[];
}

/** The facts of a type, or undefined for one the table does not know. */
export function instanceFacts(instanceType: string): InstanceFacts | undefined {
  const row = INSTANCE_TABLE.find(([type]) => type === instanceType);
  return row && fromRow(row);
}

export function knownInstanceFamilies(): string[] {
  return [...new Set(INSTANCE_TABLE.map(([type]) => type.split('.')[0]))];
}

function fromRow(row: InstanceRow): InstanceFacts {
  const [instanceType, cores, threadsPerCore, memoryGiB, flagText, cards, , , nitro, numaNodes] = row;
  const flags = flagText.split(' ');
  return {
    instanceType,
    arch: flags.includes('arm') ? 'arm64' : 'x86_64',
    cores,
    threadsPerCore,
    numaNodes,
    memoryGiB,
    nitro,
    metal: flags.includes('metal'),
    flexibleQueues: flags.includes('queues'),
    enaExpress: flags.includes('srd'),
    ptpHardwareClock: flags.includes('phc'),
    cards: cards.map(([interfaces, defaultQueues, maxQueues, totalQueues]) =>
      ({ interfaces, defaultQueues, maxQueues, totalQueues })),
  };
}

// SPDX-License-Identifier: Apache-2.0

/** What the API does not say of an instance family. */
export interface Family {
  /** Generation of its Nitro card. */
  readonly nitro: number;
  /** Physical cores of one socket, where the valid core counts do not show the NUMA nodes (see numa-nodes.ts). */
  readonly socketCores?: number;
}

/** Ice Lake hosts (Xeon 8375C) have 32 cores in each of two sockets. */
const ICE_LAKE: Family = { nitro: 4, socketCores: 32 };

/**
 * The families in the table: those of the C, M and R series with Nitro v4 or newer, c5n, and three others that people
 * receive feeds on (x8aedz for its clock; i7ie and i8g to record to local disks).
 *
 * Left out: `-flex` and T (no sustained CPU), 6a (its core counts do not show NUMA nodes, and its ENIs have at most 8
 * queues), and families that only add local disks (`d`) or EBS bandwidth (`b`) to one that is here.
 *
 * Generations: "Instance family summary" in the Amazon EC2 instance types guide. Version 6 is also visible in the API
 * (idle TCP connections are tracked for 350 s), so a wrong or missing 6 stops the generator.
 */
export const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ...families({ nitro: 3 }, 'c5n'),
  ...families(ICE_LAKE, 'c6i m6i r6i'),
  ...families({ nitro: 4 }, 'c6in m6in r6in c6gn c7a m7a r7a c7g m7g r7g c7i m7i r7i r7iz'),
  ...families({ nitro: 5 }, 'c7gn c8g m8g r8g i7ie i8g'),
  ...families({ nitro: 6 }, 'c8a m8a r8a m8azn x8aedz c8gn m8gn r8gn c8i m8i r8i c8in m8in r8in c8ine m8ine c9g m9g r9g'),
]);

function families(family: Family, names: string): [string, Family][] {
  return names.split(' ').map((name) => [name, family]);
}

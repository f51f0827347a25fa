// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';

/**
 * EAL arguments for a software port, as kb-dpdk derives them for an ENA: main thread aside, huge
 * pages without files, no telemetry socket. `lcore` is the CPU of the main thread.
 */
export function ealArguments(lcore: number, vdev: string): string {
  return `--lcores=0@(${lcore}) --no-pci --in-memory --no-telemetry --vdev=${vdev}`;
}

/**
 * DPDK's driver for a kernel interface. net_af_xdp holds a third more than net_af_packet before it
 * falls behind, and the kernel counts what it drops on the interface; net_af_packet's drops are
 * counted nowhere. Not every build of DPDK has it.
 */
export function interfaceDriver(libraries = '/usr/lib'): 'net_af_xdp' | 'net_af_packet' {
  const hasAfXdp = fs.readdirSync(libraries)
    .filter((name) => name.endsWith('-linux-gnu'))
    .some((triplet) => fs.readdirSync(`${libraries}/${triplet}`).some((file) => file.startsWith('librte_net_af_xdp.so')));
  return hasAfXdp ? 'net_af_xdp' : 'net_af_packet';
}

// SPDX-License-Identifier: Apache-2.0
import type { RssPlan } from '../../lib/rss-plan';

const ENTRIES_PER_LINE = 16;

/** The plan for people: where flows land, what to run, what to know. */
export function rssReport(plan: RssPlan, networkInterface: string, steering: boolean | undefined): string {
  const rows = plan.placements.map(({ flow, hash, entry, defaultQueue, queue, core }) => [
    `${flow.sourceAddress}:${flow.sourcePort}`,
    `${flow.destinationAddress}:${flow.destinationPort}`,
    `0x${hash.toString(16).padStart(8, '0')}`,
    String(entry),
    String(defaultQueue),
    String(queue),
    core === undefined ? '-' : String(core),
  ]);
  const commands = plan.ethtoolCommands(networkInterface);
  return [
    table([['from', 'to', 'hash', 'entry', 'default queue', 'queue', 'core'], ...rows]),
    '',
    `flows per queue: ${plan.defaultFlowsPerQueue.join(' ')} by default, ${plan.flowsPerQueue.join(' ')} planned`,
    '',
    ...(commands.length > 0 ? commands : dpdk(plan)),
    '',
    ...steeringNote(plan, networkInterface, steering),
    ...plan.notes.map((note) => `note: ${note}`),
  ].join('\n');
}

function dpdk(plan: RssPlan): string[] {
  const lines = [`key (rte_eth_dev_rss_hash_update): ${plan.key}`, 'table (rte_eth_dev_rss_reta_update):'];
  for (let first = 0; first < plan.indirectionTable.length; first += ENTRIES_PER_LINE) {
    const entries = plan.indirectionTable.slice(first, first + ENTRIES_PER_LINE);
    lines.push(`${String(first).padStart(5)}: ${entries.map((queue) => String(queue).padStart(3)).join(' ')}`);
  }
  return lines;
}

/** Where the card can steer, a rule per flow needs no hash at all. */
function steeringNote(plan: RssPlan, networkInterface: string, steering: boolean | undefined): string[] {
  if (!steering || plan.ethtoolCommands(networkInterface).length === 0) {
    return [];
  }
  const { flow, queue } = plan.placements[0];
  return [
    'note: this type can steer flows (driver 2.13 or newer), which needs no hash; the first flow:',
    `      ethtool -N ${networkInterface} flow-type udp4 src-ip ${flow.sourceAddress} src-port ${flow.sourcePort}`
    + ` dst-ip ${flow.destinationAddress} dst-port ${flow.destinationPort} action ${queue} loc 0`,
  ];
}

function table(rows: readonly string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}

// SPDX-License-Identifier: Apache-2.0
import { range } from './bounds';
import type { Findings } from './fail';
import type { InstanceFacts } from './instance-facts';

/** Whether facts can be planned with; those of our own table always can, a user's may not. */
export function checkFacts(facts: InstanceFacts, findings: Findings): void {
  const on = ` in 'instanceCapabilities' of ${facts.instanceType}`;
  range(findings, 'cores', facts.cores, 1, 4096, on);
  range(findings, 'threadsPerCore', facts.threadsPerCore, 1, 2, on);
  range(findings, 'numaNodes', facts.numaNodes, 1, Math.max(facts.cores, 1), on);
  findings.check(facts.memoryGiB > 0, `'memory' must be more than 0${on}, got ${facts.memoryGiB} GiB`);
  findings.check(facts.cards.length > 0, `'networkCards' must have at least one entry${on}, got none`);
  for (const { interfaces, defaultQueues, maxQueues } of facts.cards) {
    range(findings, 'maximumNetworkInterfaces', interfaces, 1, 64, on);
    if (range(findings, 'defaultEnaQueueCount', defaultQueues, 1, 1024, on)) {
      range(findings, 'maximumEnaQueueCount', maxQueues, defaultQueues, 1024, on);
    }
  }
  const interfaces = facts.cards.reduce((sum, card) => sum + card.interfaces, 0);
  findings.check(facts.cards.length === 0 || interfaces >= 2,
    `'networkCards' must carry two ENIs, one for management and one for data${on}, got ${interfaces}`);
}

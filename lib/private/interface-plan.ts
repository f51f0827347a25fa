// SPDX-License-Identifier: Apache-2.0
import { isPowerOfTwo, range } from './bounds';
import type { Findings } from './fail';
import type { InterfaceChoice, Plane } from './host-plan';
import type { InstanceFacts } from './instance-facts';

// One 4 KiB page minus headroom, Ethernet header and the skb's tail: what ENA gives a single-buffer XDP program.
const MAX_XDP_MTU = 3498;
const MAX_ENA_EXPRESS_MTU = 8900;
const MAX_MTU = 9001;
const MIN_MTU = 576; // what every IPv4 host must take
const PLANE_WORDS: Readonly<Record<Plane, string>> =
  { kernel: 'kernel sockets', xdp: 'XDP', afxdp: 'AF_XDP', dpdk: 'DPDK' };

export interface InterfacePlan {
  readonly networkCard: number;
  readonly deviceIndex: number;
  readonly mtu: number;
  /** Queues the ENI will have. */
  readonly eniQueues: number;
  /** EnaQueueCount, unset where it is the default. */
  readonly enaQueueCount?: number;
}

export function decideInterface(
  choice: InterfaceChoice, facts: InstanceFacts, plane: Plane, queues: number, findings: Findings,
): InterfacePlan {
  const { instanceType, cards } = facts;
  const networkCard = choice.networkCard ?? Math.min(1, cards.length - 1);
  const cardIsGood = range(findings, 'networkCard', networkCard, 0, cards.length - 1, ` on ${instanceType}`);
  const deviceIndex = choice.deviceIndex ?? 1;
  if (deviceIndex === 0) {
    findings.add("'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more");
  } else {
    const interfaces = cards.reduce((sum, card) => sum + card.interfaces, 0);
    range(findings, 'deviceIndex', deviceIndex, 1, interfaces - 1, ` on ${instanceType}`);
  }

  const mtu = choice.mtu ?? defaultMtu(choice, plane);
  if (range(findings, 'mtu', mtu, MIN_MTU, MAX_MTU)) {
    if (plane === 'xdp' || plane === 'afxdp') {
      findings.check(mtu <= MAX_XDP_MTU,
        `'mtu' must be at most ${MAX_XDP_MTU} with ${PLANE_WORDS[plane]}, one buffer per frame, got ${mtu}`);
    }
    if (choice.enaExpress) {
      findings.check(mtu <= MAX_ENA_EXPRESS_MTU,
        `'mtu' must be at most ${MAX_ENA_EXPRESS_MTU} with ENA Express, got ${mtu}`);
    }
  }
  if (choice.enaExpress) {
    findings.check(facts.enaExpress, `'enaExpress' is not supported by ${instanceType}`);
  }
  // The bounds are EC2's.
  if (choice.udpTimeoutSeconds !== undefined) {
    range(findings, 'udpTimeout in seconds', choice.udpTimeoutSeconds, 30, 60);
  }
  if (choice.udpStreamTimeoutSeconds !== undefined) {
    range(findings, 'udpStreamTimeout in seconds', choice.udpStreamTimeoutSeconds, 60, 180);
  }
  const counts = cardIsGood
    ? decideQueueCount(choice.queueCount, facts, networkCard, queues, findings)
    : { eniQueues: queues };
  return { networkCard, deviceIndex, mtu, ...counts };
}

function defaultMtu(choice: InterfaceChoice, plane: Plane): number {
  if (plane === 'xdp' || plane === 'afxdp') {
    return MAX_XDP_MTU;
  }
  return choice.enaExpress ? MAX_ENA_EXPRESS_MTU : MAX_MTU;
}

function decideQueueCount(
  asked: number | undefined, facts: InstanceFacts, networkCard: number, queues: number, findings: Findings,
): { eniQueues: number; enaQueueCount?: number } {
  const { instanceType } = facts;
  const card = facts.cards[networkCard];
  range(findings, 'queues', queues, 1, card.maxQueues, ` on ${instanceType}`);
  if (asked !== undefined) {
    if (!facts.flexibleQueues) {
      findings.check(asked === card.defaultQueues,
        `'queueCount' cannot be chosen on ${instanceType}, whose ENIs have ${card.defaultQueues} queues; got ${asked}`);
    } else if (findings.check(isPowerOfTwo(asked) && asked <= card.maxQueues,
      `'queueCount' must be a power of two up to ${card.maxQueues} on ${instanceType}, got ${asked}`)) {
      findings.check(queues <= asked, `'queueCount' must be at least 'queues' (${queues}), got ${asked}`);
    }
    return { eniQueues: asked, enaQueueCount: asked === card.defaultQueues ? undefined : asked };
  }
  if (queues <= card.defaultQueues) {
    return { eniQueues: card.defaultQueues };
  }
  const enaQueueCount = 2 ** Math.ceil(Math.log2(queues));
  return { eniQueues: enaQueueCount, enaQueueCount };
}

// SPDX-License-Identifier: Apache-2.0
import { isPowerOfTwo, range } from './bounds';
import type { Findings } from './fail';
import type { InterfaceChoice, Plane } from './host-plan';
import type { InstanceFacts } from './instance-facts';
import { isIpv4 } from './ipv4';

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

/** Of an ENI that the receiver does not use: what EC2 has to know. */
export type AdditionalInterfacePlan = Pick<InterfacePlan, 'networkCard' | 'deviceIndex' | 'enaQueueCount'>;

export function decideInterface(
  choice: InterfaceChoice, facts: InstanceFacts, plane: Plane, queues: number, findings: Findings,
): InterfacePlan {
  const deviceIndex = choice.deviceIndex ?? 1;
  const { networkCard, cardIsGood } = decidePlace(choice, deviceIndex, facts, findings);

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
  checkOptions(choice, facts, findings);
  const counts = cardIsGood
    ? decideQueueCount(choice.queueCount, facts, networkCard, queues, findings)
    : { eniQueues: queues };
  return { networkCard, deviceIndex, mtu, ...counts };
}

/** ENIs beside the data interface, and what all ENIs of a network card may have together. */
export function decideAdditional(
  choices: readonly InterfaceChoice[], data: InterfacePlan, facts: InstanceFacts, findings: Findings,
): AdditionalInterfacePlan[] {
  const taken = new Set([0, data.deviceIndex, ...choices.flatMap(({ deviceIndex }) => deviceIndex ?? [])]);
  const given = new Set([data.deviceIndex]);
  const plans = choices.map(choice => {
    const deviceIndex = choice.deviceIndex ?? lowestFree(taken);
    taken.add(deviceIndex);
    findings.check(!given.has(deviceIndex), `'deviceIndex' ${deviceIndex} is given to two interfaces`);
    given.add(deviceIndex);
    findings.check(choice.mtu === undefined, `'mtu' is for the interface of the receiver, got ${choice.mtu} for an additional one, `
      + 'which the system configures');
    const { networkCard, cardIsGood } = decidePlace(choice, deviceIndex, facts, findings);
    checkOptions(choice, facts, findings);
    const queues = cardIsGood ? decideQueueCount(choice.queueCount, facts, networkCard, 1, findings) : { eniQueues: 1 };
    return { networkCard, deviceIndex, ...queues };
  });
  checkCards([...plans, data], facts, findings);
  return plans;
}

function lowestFree(taken: ReadonlySet<number>): number {
  let index = 1;
  while (taken.has(index)) {
    index++;
  }
  return index;
}

function decidePlace(choice: InterfaceChoice, deviceIndex: number, facts: InstanceFacts, findings: Findings) {
  const { instanceType, cards } = facts;
  const networkCard = choice.networkCard ?? Math.min(1, cards.length - 1);
  const cardIsGood = range(findings, 'networkCard', networkCard, 0, cards.length - 1, ` on ${instanceType}`);
  if (deviceIndex === 0) {
    findings.add("'deviceIndex' 0 is taken by the management ENI; give the data interface 1 or more");
  } else {
    const interfaces = cards.reduce((sum, card) => sum + card.interfaces, 0);
    range(findings, 'deviceIndex', deviceIndex, 1, interfaces - 1, ` on ${instanceType}`);
  }
  return { networkCard, cardIsGood };
}

/** What holds for every ENI. */
function checkOptions(choice: InterfaceChoice, facts: InstanceFacts, findings: Findings): void {
  if (choice.enaExpress) {
    findings.check(facts.enaExpress, `'enaExpress' is not supported by ${facts.instanceType}`);
  }
  // The bounds are EC2's.
  if (choice.udpTimeoutSeconds !== undefined) {
    range(findings, 'udpTimeout in seconds', choice.udpTimeoutSeconds, 30, 60);
  }
  if (choice.udpStreamTimeoutSeconds !== undefined) {
    range(findings, 'udpStreamTimeout in seconds', choice.udpStreamTimeoutSeconds, 60, 180);
  }
  const { privateIpAddress } = choice;
  if (privateIpAddress !== undefined) {
    findings.check(isIpv4(privateIpAddress), `'privateIpAddress' must be an IPv4 address of the subnet, got '${privateIpAddress}'`);
  }
}

function checkCards(plans: readonly { networkCard: number; eniQueues: number }[], { cards, instanceType }: InstanceFacts, findings: Findings): void {
  cards.forEach((card, index) => {
    const eniQueues = [...plans, { networkCard: 0, eniQueues: cards[0].defaultQueues }] // the management ENI
      .filter(({ networkCard }) => networkCard === index).map(plan => plan.eniQueues);
    if (!findings.check(eniQueues.length <= card.interfaces,
      `network card ${index} of ${instanceType} carries at most ${card.interfaces} ENIs, got ${eniQueues.length}`)) {
      return;
    }
    const queues = eniQueues.reduce((sum, count) => sum + Math.min(count, card.maxQueues), 0); // more is told already
    findings.check(card.totalQueues === 0 || queues <= card.totalQueues,
      `the ENIs of network card ${index} of ${instanceType} may have ${card.totalQueues} queues together, got ${queues}; lower a 'queueCount'`);
  });
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

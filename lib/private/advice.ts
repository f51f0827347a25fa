// SPDX-License-Identifier: Apache-2.0
import { DataPlaneKind } from '../data-plane-kind';
import type { Recommendation, RecommendationProps } from '../recommendation';
import { Technology } from '../recommendation';
import { afXdpShare, dpdkGainPercent, expectedP99, PUBLISHED, PUBLISHED_RATE } from './published-figures';

export const ONLOAD_REFUSAL = 'Onload is not supported on ENA: it needs interfaces of Solarflare NICs that ENA does not '
  + 'have, and where it runs at all it is unstable and slower than plain sockets';
export const ONLOAD_ALTERNATIVES = 'use DPDK, AF_XDP or tuned kernel sockets';

// The rate bands of the decision framework. Between 10,000 and 50,000 it says nothing; the band above fits, since the
// kernel still keeps up there and only the target can ask for more.
const LOW_RATE = 10e3;
const HIGH_RATE = 100e3;
const TOP_RATE = 500e3;
const AF_XDP_TARGET = 50; // µs: from 50,000 to 100,000/s the framework asks for AF_XDP below it
const LITTLE_ROOM = 0.75; // of the target used up: keep other traffic off the receiver's rings
const ORDER = [DataPlaneKind.KERNEL, DataPlaneKind.XDP, DataPlaneKind.AF_XDP, DataPlaneKind.DPDK];

interface Choice {
  readonly kind: DataPlaneKind;
  readonly reasons: string[];
}

export function advise(props: RecommendationProps): Recommendation {
  check(props);
  const choice = special(props) ?? byRate(props);
  const contradictions = [...publishedAgainst(choice.kind, props), ...requirementsAgainst(choice.kind, props),
    ...comparison(choice.kind, props)];
  const xdpFilter = choice.kind === DataPlaneKind.XDP || needsFilter(choice.kind, props);
  const reasons = xdpFilter && choice.kind === DataPlaneKind.AF_XDP
    ? [...choice.reasons, `an XDP filter drops other traffic before it reaches the rings: ${micros(expectedP99(choice.kind, props.packetsPerSecond))} `
      + `expected leaves little room below ${micros(props.p99Micros!)}`]
    : choice.reasons;
  return {
    dataPlane: choice.kind,
    xdpFilter,
    summary: summary(choice.kind, xdpFilter),
    reasons,
    contradictions,
    alternatives: alternatives(choice.kind, props),
  };
}

function check({ packetsPerSecond, p99Micros, technology }: RecommendationProps): void {
  if (!(packetsPerSecond > 0 && packetsPerSecond <= 1e9)) {
    throw new Error(`'packetsPerSecond' must be between 1 and 1000000000, got ${packetsPerSecond}`);
  }
  if (p99Micros !== undefined && !(p99Micros > 0 && p99Micros <= 1e9)) {
    throw new Error(`'p99Micros' must be more than 0 and at most 1000000000, got ${p99Micros}`);
  }
  if (technology === Technology.ONLOAD) {
    throw new Error(`${ONLOAD_REFUSAL}; ${ONLOAD_ALTERNATIVES}`);
  }
}

/** The special requirements that decide by themselves, the strongest first. */
function special(props: RecommendationProps): Choice | undefined {
  if (props.multicastReplication) {
    return { kind: DataPlaneKind.DPDK, reasons: ['replicating to many subscribers at line rate needs DPDK'] };
  }
  if (props.filteringOnly) {
    return { kind: DataPlaneKind.XDP, reasons: ['an XDP program filters in the driver; nothing more is asked for'] };
  }
  if (props.maximumSimplicity && !props.zeroCopy && !props.customProtocol) {
    return { kind: DataPlaneKind.KERNEL, reasons: ['nothing is simpler than kernel sockets'] };
  }
  return undefined;
}

function byRate(props: RecommendationProps): Choice {
  const { packetsPerSecond: rate, p99Micros: target } = props;
  const choice = band(rate, target);
  const needsOwnFrames = props.zeroCopy || props.customProtocol;
  if (needsOwnFrames && choice.kind === DataPlaneKind.KERNEL) {
    const why = props.zeroCopy ? 'zero-copy' : 'a protocol of your own';
    return { kind: DataPlaneKind.AF_XDP, reasons: [`${why} needs AF_XDP or DPDK; at ${packets(rate)} AF_XDP is the simpler`] };
  }
  return choice;
}

function band(rate: number, target: number | undefined): Choice {
  if (rate < LOW_RATE) {
    return { kind: DataPlaneKind.KERNEL, reasons: [`below ${packets(LOW_RATE)} a bypass gains about `
      + `${Math.round(dpdkGainPercent(rate))} %, which is not worth its complexity`] };
  }
  if (rate > TOP_RATE) {
    return { kind: DataPlaneKind.DPDK, reasons: [`above ${packets(TOP_RATE)} only DPDK gives full performance; AF_XDP has `
      + `${Math.round(100 * afXdpShare(rate))} % of it`] };
  }
  const expected = expectedP99(DataPlaneKind.AF_XDP, rate);
  if (rate < HIGH_RATE && (target === undefined || target >= AF_XDP_TARGET)) {
    return { kind: DataPlaneKind.KERNEL, reasons: [`at ${packets(rate)} tuned kernel sockets keep up, and the target `
      + (target === undefined ? 'is open' : `of ${micros(target)} is not below ${micros(AF_XDP_TARGET)}`)] };
  }
  if (target !== undefined && expected >= target) {
    return { kind: DataPlaneKind.DPDK, reasons: [`at ${packets(rate)} AF_XDP is expected at a p99 of ${micros(expected)}, not below the `
      + `target of ${micros(target)}; DPDK is published at ${micros(PUBLISHED.dpdk.p99Micros)}`] };
  }
  return { kind: DataPlaneKind.AF_XDP, reasons: [`at ${packets(rate)} AF_XDP has ${Math.round(100 * afXdpShare(rate))} % of DPDK's `
    + 'performance at a tenth of its complexity'
    + (target === undefined ? '' : `, and its expected p99 of ${micros(expected)} meets the target of ${micros(target)}`)] };
}

function needsFilter(kind: DataPlaneKind, { packetsPerSecond, p99Micros }: RecommendationProps): boolean {
  return kind === DataPlaneKind.AF_XDP && p99Micros !== undefined
    && expectedP99(kind, packetsPerSecond) > LITTLE_ROOM * p99Micros;
}

function publishedAgainst(kind: DataPlaneKind, { packetsPerSecond: rate, p99Micros: target }: RecommendationProps): string[] {
  const against: string[] = [];
  const { label, p99Micros, maxPacketsPerSecond } = PUBLISHED[kind];
  const expected = expectedP99(kind, rate);
  if (target !== undefined && expected >= target) {
    const atOtherRate = rate < PUBLISHED_RATE ? `; that was at ${packets(PUBLISHED_RATE)}, your rate is lower` : '';
    against.push(`the published p99 of ${label} is ${micros(p99Micros)}, not below the target of ${micros(target)}${atOtherRate}`);
  }
  if (rate > maxPacketsPerSecond) {
    against.push(`${packets(rate)} is more than the published maximum of ${label}, ${packets(maxPacketsPerSecond)}; `
      + 'split the feed over several instances');
  }
  return against;
}

function requirementsAgainst(kind: DataPlaneKind, props: RecommendationProps): string[] {
  const against: string[] = [];
  if (props.maximumSimplicity && kind !== DataPlaneKind.KERNEL) {
    against.push(`maximum simplicity would be kernel sockets, but another requirement decides for ${PUBLISHED[kind].label}`);
  }
  if (props.filteringOnly && kind !== DataPlaneKind.XDP) {
    against.push(`filtering alone would be XDP, but another requirement decides for ${PUBLISHED[kind].label}`);
  }
  if (kind === DataPlaneKind.XDP && (props.zeroCopy || props.customProtocol)) {
    against.push('behind an XDP filter the kernel still parses and copies what passes: no zero-copy, no protocol of your own');
  }
  if (props.customProtocol) {
    against.push('handlers are given UDP datagrams; another protocol needs a back-end of your own');
  }
  return against;
}

function comparison(kind: DataPlaneKind, { technology, packetsPerSecond }: RecommendationProps): string[] {
  if (technology === undefined || technology.valueOf() === kind.valueOf()) {
    return [];
  }
  const asked = technology as unknown as DataPlaneKind;
  const { label, maxPacketsPerSecond } = PUBLISHED[asked];
  return [`you had ${label} in mind: expected p99 ${micros(expectedP99(asked, packetsPerSecond))} against `
    + `${micros(expectedP99(kind, packetsPerSecond))}, maximum ${packets(maxPacketsPerSecond)} against `
    + `${packets(PUBLISHED[kind].maxPacketsPerSecond)}`];
}

function alternatives(kind: DataPlaneKind, props: RecommendationProps): string[] {
  return ORDER
    .filter(other => other !== kind && fits(other, props))
    .map(other => `${PUBLISHED[other].label}: expected p99 ${micros(expectedP99(other, props.packetsPerSecond))}, `
      + (ORDER.indexOf(other) < ORDER.indexOf(kind) ? 'simpler' : 'faster, more to maintain'));
}

function fits(kind: DataPlaneKind, props: RecommendationProps): boolean {
  const { packetsPerSecond: rate, p99Micros: target, zeroCopy, customProtocol, multicastReplication } = props;
  const ownsFrames = kind === DataPlaneKind.AF_XDP || kind === DataPlaneKind.DPDK;
  return kind !== DataPlaneKind.XDP
    && rate <= PUBLISHED[kind].maxPacketsPerSecond
    && (target === undefined || expectedP99(kind, rate) < target)
    && (ownsFrames || !(zeroCopy || customProtocol))
    && !multicastReplication;
}

function summary(kind: DataPlaneKind, xdpFilter: boolean): string {
  switch (kind) {
    case DataPlaneKind.KERNEL: return 'kernel sockets, tuned';
    case DataPlaneKind.XDP: return 'kernel sockets behind an XDP filter';
    case DataPlaneKind.AF_XDP: return xdpFilter ? 'AF_XDP with an eBPF filter' : 'AF_XDP';
    case DataPlaneKind.DPDK: return 'DPDK';
  }
}

function micros(value: number): string {
  return `${Number(value.toFixed(1))} µs`;
}

function packets(rate: number): string {
  return rate >= 1e6 ? `${Number((rate / 1e6).toFixed(2))} M packets/s`
    : rate >= 1e3 ? `${Number((rate / 1e3).toFixed(1))} k packets/s` : `${rate} packets/s`;
}

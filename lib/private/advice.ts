// SPDX-License-Identifier: Apache-2.0
import { DataPlaneKind } from '../data-plane-kind';
import type { Recommendation, RecommendationProps } from '../recommendation';
import { Technology } from '../recommendation';
import { Figures } from './figures';
import { afXdpShare, dpdkGainPercent } from './published-figures';

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
  const figures = new Figures(props.measurements);
  const choice = special(props) ?? byRate(props, figures);
  const contradictions = [...figuresAgainst(choice.kind, props, figures), ...requirementsAgainst(choice.kind, props, figures),
    ...comparison(choice.kind, props, figures)];
  const xdpFilter = choice.kind === DataPlaneKind.XDP || needsFilter(choice.kind, props, figures);
  const expected = figures.expectedP99(choice.kind, props.packetsPerSecond);
  const reasons = xdpFilter && choice.kind === DataPlaneKind.AF_XDP
    ? [...choice.reasons, `an XDP filter drops other traffic before it reaches the rings: ${micros(expected)} `
      + `expected leaves little room below ${micros(props.p99Micros!)}`]
    : choice.reasons;
  return {
    dataPlane: choice.kind,
    xdpFilter,
    summary: summary(choice.kind, xdpFilter),
    reasons,
    contradictions,
    alternatives: alternatives(choice.kind, props, figures),
  };
}

function check({ packetsPerSecond, p99Micros, technology, measurements = [] }: RecommendationProps): void {
  checkNumbers({ packetsPerSecond, p99Micros });
  const seen = new Set<DataPlaneKind>();
  for (const measurement of measurements) {
    checkNumbers(measurement, ` in 'measurements' of ${measurement.dataPlane}`);
    if (seen.has(measurement.dataPlane)) {
      throw new Error(`'measurements' has ${measurement.dataPlane} twice`);
    }
    seen.add(measurement.dataPlane);
  }
  if (technology === Technology.ONLOAD) {
    throw new Error(`${ONLOAD_REFUSAL}; ${ONLOAD_ALTERNATIVES}`);
  }
}

function checkNumbers({ packetsPerSecond, p99Micros }: { packetsPerSecond: number; p99Micros?: number }, where = ''): void {
  if (!(packetsPerSecond > 0 && packetsPerSecond <= 1e9)) {
    throw new Error(`'packetsPerSecond'${where} must be between 1 and 1000000000, got ${packetsPerSecond}`);
  }
  if (p99Micros !== undefined && !(p99Micros > 0 && p99Micros <= 1e9)) {
    throw new Error(`'p99Micros'${where} must be more than 0 and at most 1000000000, got ${p99Micros}`);
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

function byRate(props: RecommendationProps, figures: Figures): Choice {
  const { packetsPerSecond: rate, p99Micros: target } = props;
  const choice = band(rate, target, figures);
  const needsOwnFrames = props.zeroCopy || props.customProtocol;
  if (needsOwnFrames && choice.kind === DataPlaneKind.KERNEL) {
    const why = props.zeroCopy ? 'zero-copy' : 'a protocol of your own';
    return { kind: DataPlaneKind.AF_XDP, reasons: [`${why} needs AF_XDP or DPDK; at ${packets(rate)} AF_XDP is the simpler`] };
  }
  return choice;
}

function band(rate: number, target: number | undefined, figures: Figures): Choice {
  if (rate < LOW_RATE) {
    return { kind: DataPlaneKind.KERNEL, reasons: [`below ${packets(LOW_RATE)} a bypass gains about `
      + `${Math.round(dpdkGainPercent(rate))} %, which is not worth its complexity`] };
  }
  if (rate > TOP_RATE) {
    return { kind: DataPlaneKind.DPDK, reasons: [`above ${packets(TOP_RATE)} only DPDK gives full performance; AF_XDP has `
      + `${Math.round(100 * afXdpShare(rate))} % of it`] };
  }
  const expected = figures.expectedP99(DataPlaneKind.AF_XDP, rate);
  const kernel = figures.of(DataPlaneKind.KERNEL);
  const kernelWill = kernel.source === 'measured'
    ? { do: kernel.p99Micros < (target ?? Infinity), why: `is above the measured p99 of ${micros(kernel.p99Micros)}` }
    : { do: (target ?? Infinity) >= AF_XDP_TARGET, why: `is not below ${micros(AF_XDP_TARGET)}` };
  if (rate < HIGH_RATE && kernelWill.do) {
    return { kind: DataPlaneKind.KERNEL, reasons: [`at ${packets(rate)} tuned kernel sockets keep up, and the target `
      + (target === undefined ? 'is open' : `of ${micros(target)} ${kernelWill.why}`)] };
  }
  if (target !== undefined && expected >= target) {
    const dpdk = figures.of(DataPlaneKind.DPDK);
    return { kind: DataPlaneKind.DPDK, reasons: [`at ${packets(rate)} AF_XDP is expected at a p99 of ${micros(expected)}, not below the `
      + `target of ${micros(target)}; DPDK is ${dpdk.source} at ${micros(dpdk.p99Micros)}`] };
  }
  return { kind: DataPlaneKind.AF_XDP, reasons: [`at ${packets(rate)} AF_XDP has ${Math.round(100 * afXdpShare(rate))} % of DPDK's `
    + 'performance at a tenth of its complexity'
    + (target === undefined ? '' : `, and its expected p99 of ${micros(expected)} meets the target of ${micros(target)}`)] };
}

function needsFilter(kind: DataPlaneKind, { packetsPerSecond, p99Micros }: RecommendationProps, figures: Figures): boolean {
  return kind === DataPlaneKind.AF_XDP && p99Micros !== undefined
    && figures.expectedP99(kind, packetsPerSecond) > LITTLE_ROOM * p99Micros;
}

function figuresAgainst(kind: DataPlaneKind, { packetsPerSecond: rate, p99Micros: target }: RecommendationProps, figures: Figures): string[] {
  const against: string[] = [];
  const { label, source, p99Micros, otherP99Micros, rate: atRate, maxPacketsPerSecond } = figures.of(kind);
  if (target !== undefined && figures.expectedP99(kind, rate) >= target) {
    const atOtherRate = rate < atRate ? `; that was at ${packets(atRate)}, your rate is lower` : '';
    against.push(`the ${source} p99 of ${label} is ${micros(p99Micros)}, not below the target of ${micros(target)}${atOtherRate}`);
  } else if (target !== undefined && otherP99Micros !== undefined && otherP99Micros >= target) {
    against.push(`the published tables differ: a p99 of ${micros(p99Micros)} for ${label} in one, of ${micros(otherP99Micros)} in another, `
      + `which is not below the target of ${micros(target)}`);
  }
  if (source === 'measured' && rate > atRate) {
    against.push(`${label} was measured at ${packets(atRate)} only, not at your ${packets(rate)}`);
  }
  if (rate > maxPacketsPerSecond) {
    against.push(`${packets(rate)} is more than the published maximum of ${label}, ${packets(maxPacketsPerSecond)}; `
      + 'split the feed over several instances');
  }
  return against;
}

function requirementsAgainst(kind: DataPlaneKind, props: RecommendationProps, figures: Figures): string[] {
  const { label } = figures.of(kind);
  const against: string[] = [];
  if (props.maximumSimplicity && kind !== DataPlaneKind.KERNEL) {
    against.push(`maximum simplicity would be kernel sockets, but another requirement decides for ${label}`);
  }
  if (props.filteringOnly && kind !== DataPlaneKind.XDP) {
    against.push(`filtering alone would be XDP, but another requirement decides for ${label}`);
  }
  if (kind === DataPlaneKind.XDP && (props.zeroCopy || props.customProtocol)) {
    against.push('behind an XDP filter the kernel still parses and copies what passes: no zero-copy, no protocol of your own');
  }
  if (props.customProtocol) {
    against.push('handlers are given UDP datagrams; another protocol needs a back-end of your own');
  }
  return against;
}

function comparison(kind: DataPlaneKind, { technology, packetsPerSecond }: RecommendationProps, figures: Figures): string[] {
  if (technology === undefined || technology.valueOf() === kind.valueOf()) {
    return [];
  }
  const asked = technology as unknown as DataPlaneKind;
  const { label, maxPacketsPerSecond } = figures.of(asked);
  return [`you had ${label} in mind: expected p99 ${micros(figures.expectedP99(asked, packetsPerSecond))} against `
    + `${micros(figures.expectedP99(kind, packetsPerSecond))}, maximum ${packets(maxPacketsPerSecond)} against `
    + `${packets(figures.of(kind).maxPacketsPerSecond)}`];
}

function alternatives(kind: DataPlaneKind, props: RecommendationProps, figures: Figures): string[] {
  return ORDER
    .filter(other => other !== kind && fits(other, props, figures))
    .map(other => `${figures.of(other).label}: expected p99 ${micros(figures.expectedP99(other, props.packetsPerSecond))}, `
      + (ORDER.indexOf(other) < ORDER.indexOf(kind) ? 'simpler' : 'faster, more to maintain'));
}

function fits(kind: DataPlaneKind, props: RecommendationProps, figures: Figures): boolean {
  const { packetsPerSecond: rate, p99Micros: target, zeroCopy, customProtocol, multicastReplication } = props;
  const ownsFrames = kind === DataPlaneKind.AF_XDP || kind === DataPlaneKind.DPDK;
  return kind !== DataPlaneKind.XDP
    && rate <= figures.of(kind).maxPacketsPerSecond
    && (target === undefined || figures.expectedP99(kind, rate) < target)
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

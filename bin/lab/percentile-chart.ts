// SPDX-License-Identifier: Apache-2.0
import { Bucket } from './histogram';
import { element, Markup } from './markup';
import { duration } from './report-table';

/** One curve. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly buckets: readonly Bucket[];
}

const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { top: 12, right: 16, bottom: 40, left: 64 };
const INNER = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
const CLOSEST = 0.75; // pixels between two points of a curve; nobody sees more

/**
 * Latency against percentile, both logarithmic: every further nine of the tail is as wide as the
 * one before, which is where feeds live and where an average hides.
 */
export function percentileChart(title: string, series: readonly Series[]): Markup {
  const curves = series.filter((one) => one.buckets.length > 0).map((one) => ({ ...one, points: distribution(one.buckets) }));
  if (curves.length === 0) {
    return element('p', {}, 'Nothing was received, so there is no distribution.');
  }
  const points = curves.flatMap((curve) => curve.points);
  const nines = Math.max(1, ...points.map((point) => point.nines));
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...points.map((point) => point.ns)))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...points.map((point) => point.ns)))));
  const x = (value: number) => MARGIN.left + (value / nines) * INNER.width;
  const y = (ns: number) => MARGIN.top + INNER.height * (1 - (Math.log10(Math.max(1, ns)) - low) / (high - low));
  return element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title },
    element('title', {}, title),
    ...decades(low, high).map((ns) => rule(MARGIN.left, y(ns), WIDTH - MARGIN.right, y(ns), duration(ns), 'end', MARGIN.left - 8, y(ns) + 4)),
    ...marks(nines).map(([label, at]) => rule(x(at), MARGIN.top, x(at), HEIGHT - MARGIN.bottom, label, 'middle', x(at), HEIGHT - MARGIN.bottom + 18)),
    ...curves.map((curve) => element('polyline', {
      points: thin(curve.points.map((point) => [x(point.nines), y(point.ns)])).map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' '),
      fill: 'none', stroke: curve.colour, 'stroke-width': 2, 'stroke-linejoin': 'round',
    }, element('title', {}, curve.name))),
    ...curves.map((curve, i) => element('g', {},
      element('rect', { x: MARGIN.left + 12, y: MARGIN.top + 8 + i * 18, width: 12, height: 4, fill: curve.colour }),
      element('text', { x: MARGIN.left + 30, y: MARGIN.top + 14 + i * 18 }, curve.name))));
}

/** Where each bucket ends: its value, and how many nines of all values it covers. */
function distribution(buckets: readonly Bucket[]): { nines: number; ns: number }[] {
  const total = buckets.reduce((all, bucket) => all + bucket.count, 0);
  let seen = 0;
  return buckets.flatMap((bucket) => {
    const from = Math.log10(total / (total - seen));
    seen += bucket.count;
    // The last value is one in `total`: it stands at that many nines, not at infinity.
    const to = Math.log10(total / Math.max(1, total - seen));
    return [{ nines: from, ns: bucket.highest }, { nines: Math.max(from, to), ns: bucket.highest }];
  });
}

function decades(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

function marks(nines: number): [label: string, at: number][] {
  const labels: [string, number][] = [['0 %', 0], ['50 %', Math.log10(2)], ['90 %', 1], ['99 %', 2], ['99.9 %', 3], ['99.99 %', 4], ['99.999 %', 5], ['99.9999 %', 6]];
  return labels.filter(([, at]) => at <= nines);
}

function rule(x1: number, y1: number, x2: number, y2: number, label: string, anchor: string, x: number, y: number): Markup {
  return element('g', {},
    element('line', { x1: x1.toFixed(1), y1: y1.toFixed(1), x2: x2.toFixed(1), y2: y2.toFixed(1), class: 'grid' }),
    element('text', { x: x.toFixed(1), y: y.toFixed(1), 'text-anchor': anchor }, label));
}

function thin(points: readonly [number, number][]): [number, number][] {
  const kept: [number, number][] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    if (last === undefined || i === points.length - 1 || Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) >= CLOSEST) {
      kept.push(point);
    }
  }
  return kept;
}

// SPDX-License-Identifier: Apache-2.0
import { median } from './median';

/** One side of a comparison: a name and what each repetition gave. */
export interface Side {
  readonly name: string;
  readonly samples: readonly number[];
}

/** What the ratio of ours to the peer's must be. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** The answer to one question. */
export interface Finding {
  readonly comparison: string;
  readonly metric: string;
  readonly unit: string;
  readonly ours: Side & { readonly median: number };
  readonly peer: Side & { readonly median: number };
  readonly ratio: number;
  readonly target?: Target;
  /** undefined without a target. */
  readonly met?: boolean;
  /** What a reader must know to judge it. */
  readonly note?: string;
}

/** Two runs of one and the same program differ by this much on an idle machine. */
const SCATTER = 0.02;

export function finding(
  { scatter = SCATTER, pairs = false, ...about }: {
    comparison: string; metric: string; unit: string; target?: Target; scatter?: number; note?: string;
    /** The samples of a round were taken at the same time: what counts is the ratio of each two. */
    pairs?: boolean;
  },
  ours: Side, peer: Side,
): Finding {
  const sides = { ours: { ...ours, median: median(ours.samples) }, peer: { ...peer, median: median(peer.samples) } };
  const ratio = pairs
    ? median(ours.samples.map((sample, round) => sample / peer.samples[round]))
    : sides.ours.median / sides.peer.median;
  return { ...about, ...sides, ratio, ...(about.target === undefined ? {} : { met: isMet(ratio, about.target, scatter) }) };
}

function isMet(ratio: number, target: Target, scatter: number): boolean {
  return 'atLeast' in target ? ratio >= target.atLeast * (1 - scatter) : ratio <= target.atMost * (1 + scatter);
}

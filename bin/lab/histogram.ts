// SPDX-License-Identifier: Apache-2.0

/** Values from `lowest` to `highest`, both included, seen `count` times. */
export interface Bucket {
  readonly lowest: number;
  readonly highest: number;
  readonly count: number;
}

/** What a report says of a distribution, in nanoseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A distribution as its non-empty buckets; the values behind them are known to better than 1 %. */
export class Histogram {
  readonly buckets: readonly Bucket[];
  readonly total: number;

  /** `max` is the largest value known to have been recorded, where that is known exactly. */
  constructor(buckets: readonly Bucket[], private readonly max = Infinity) {
    this.buckets = buckets.filter((bucket) => bucket.count !== 0).sort((a, b) => a.lowest - b.lowest);
    this.total = this.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  }

  /** What was recorded after `older` was taken of the same counters. */
  minus(older: Histogram): Histogram {
    const before = new Map(older.buckets.map((bucket) => [bucket.lowest, bucket.count]));
    const left = this.buckets.map((bucket) => ({ ...bucket, count: bucket.count - (before.get(bucket.lowest) ?? 0) }));
    if (this.total < older.total || left.some((bucket) => bucket.count < 0)) {
      throw new Error('a histogram went backwards: the receiver was restarted between two snapshots');
    }
    return new Histogram(left, this.max);
  }

  /**
   * The value that a share `q` of all values does not exceed: the upper end of the bucket with rank
   * ceil(q * total), as HdrHistogram reports it, but never beyond the largest value; 0 when empty.
   */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.total));
    let seen = 0;
    for (const bucket of this.buckets) {
      seen += bucket.count;
      if (seen >= rank) {
        return Math.min(bucket.highest, this.max);
      }
    }
    return 0;
  }

  percentiles(): Percentiles {
    return {
      count: this.total,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.quantile(1),
    };
  }
}

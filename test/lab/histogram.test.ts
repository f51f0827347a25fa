// SPDX-License-Identifier: Apache-2.0
import { Bucket, Histogram } from '../../bin/lab/histogram';

const bucket = (lowest: number, highest: number, count: number): Bucket => ({ lowest, highest, count });

describe('histogram', () => {
  test('a percentile is the upper end of the bucket that holds its rank', () => {
    const histogram = new Histogram([bucket(10, 10, 50), bucket(20, 21, 40), bucket(400, 403, 9), bucket(1000, 1007, 1)]);
    expect(histogram.percentiles()).toEqual({ count: 100, p50: 10, p90: 21, p99: 403, p999: 1007, max: 1007 });
  });

  test.each([
    [0, 1], [0.25, 1], [0.26, 2], [0.5, 2], [0.75, 3], [0.76, 4], [1, 4],
  ])('rank of quantile %p is ceil(q * total), at least 1', (q, value) => {
    expect(new Histogram([1, 2, 3, 4].map((v) => bucket(v, v, 1))).quantile(q)).toBe(value);
  });

  test('order of the buckets does not matter, and empty ones do not count', () => {
    const histogram = new Histogram([bucket(30, 30, 1), bucket(5, 5, 0), bucket(10, 10, 1)]);
    expect(histogram.buckets.map((one) => one.lowest)).toEqual([10, 30]);
    expect(histogram.quantile(0.5)).toBe(10);
  });

  test('an empty one has no latency', () => {
    expect(new Histogram([]).percentiles()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });

  test('the interval between two snapshots leaves the warm-up out', () => {
    const warm = new Histogram([bucket(10, 10, 5), bucket(9000, 9063, 2)]);
    const later = new Histogram([bucket(10, 10, 8), bucket(12, 12, 4), bucket(9000, 9063, 2)]);
    expect(later.minus(warm).buckets).toEqual([bucket(10, 10, 3), bucket(12, 12, 4)]);
    expect(later.minus(warm).quantile(1)).toBe(12);
  });

  test('fails when counts went backwards', () => {
    const one = new Histogram([bucket(10, 10, 5)]);
    expect(() => new Histogram([bucket(10, 10, 4), bucket(11, 11, 9)]).minus(one)).toThrow(/went backwards/);
    expect(() => new Histogram([]).minus(one)).toThrow(/went backwards/);
  });
});

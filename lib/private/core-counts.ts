// SPDX-License-Identifier: Apache-2.0

/**
 * Lists of core counts, short enough to keep hundreds of them: `4-64/2` is every second number from 4 to 64,
 * `1-8,16,24` is 1 to 8, 16 and 24.
 */

export function compressCores(counts: readonly number[]): string {
  const sorted = [...new Set(counts)].sort((a, b) => a - b);
  const gap = (i: number) => sorted[i + 1] - sorted[i];
  const parts: string[] = [];
  for (let first = 0; first < sorted.length;) {
    let last = first;
    while (gap(last) === gap(first)) {
      last++;
    }
    // Two numbers are shorter, and clearer, as two numbers.
    if (last - first < 2) {
      parts.push(String(sorted[first++]));
      continue;
    }
    parts.push(`${sorted[first]}-${sorted[last]}${gap(first) === 1 ? '' : `/${gap(first)}`}`);
    first = last + 1;
  }
  return parts.join(',');
}

export function expandCores(text: string): number[] {
  return text === '' ? [] : text.split(',').flatMap(expandPart);
}

function expandPart(part: string): number[] {
  const match = /^(\d+)(?:-(\d+)(?:\/(\d+))?)?$/.exec(part);
  if (!match) {
    throw new Error(`'${part}' is not a list of core counts such as 4-64/2`);
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  const step = Number(match[3] ?? 1);
  if (step === 0 || last < first) {
    throw new Error(`'${part}' is not a list of core counts such as 4-64/2`);
  }
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}

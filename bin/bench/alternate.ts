// SPDX-License-Identifier: Apache-2.0

/**
 * Measures each side once, then each again, and so on: what else happens on the machine, and how
 * warm it is, then weighs on all of them alike. Returns the samples of each side.
 */
export async function alternate<T>(rounds: number, sides: readonly (() => Promise<T>)[], onRound: (round: number) => void): Promise<T[][]> {
  const samples: T[][] = sides.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    onRound(round);
    for (const [i, measure] of sides.entries()) {
      samples[i].push(await measure());
    }
  }
  return samples;
}

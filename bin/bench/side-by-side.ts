// SPDX-License-Identifier: Apache-2.0
import { rateOf, Running } from './rate';
import { Reading } from './reading';

/**
 * Measures all sides at once, on one core that they share by slices of milliseconds: whatever else the machine does, and
 * how far its memory is at that moment, is then the same for all of them. Only for rates per CPU second. Returns the
 * samples of each side; those of one round belong together.
 */
export async function sideBySide(
  rounds: number, seconds: number, starts: readonly (() => Promise<Running>)[], rate: (before: Reading, after: Reading) => number,
  onRound: (round: number) => void,
): Promise<number[][]> {
  const samples: number[][] = starts.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    onRound(round);
    const running = await startAll(starts, round % 2 === 0);
    const rates = await Promise.all(running.map((one) => rateOf(one, seconds, rate)));
    rates.forEach((value, side) => samples[side].push(value));
  }
  return samples;
}

/** In turn from either end, because whoever comes first has the choice of the memory. */
async function startAll(starts: readonly (() => Promise<Running>)[], backwards: boolean): Promise<Running[]> {
  const running: Running[] = [];
  const order = [...starts.keys()];
  try {
    for (const side of backwards ? order.reverse() : order) {
      running[side] = await starts[side]();
    }
  } catch (error) {
    await Promise.all(running.map((one) => one?.stop()));
    throw error;
  }
  return running;
}

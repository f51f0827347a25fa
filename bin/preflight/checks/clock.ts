// SPDX-License-Identifier: Apache-2.0
import { Check } from '../check';
import { fail, pass, skip } from '../finding';

const TOLERATED_SECONDS = 240; // AWS refuses signatures that are five minutes off

/** This machine's clock is near enough to AWS's for signatures, in both directions. Asks nothing: it looks at the answers. */
export const clock: Check = {
  name: 'clock',
  actions: [],
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(session) {
    if (session.clock === undefined) {
      return skip('no answer carried the time');
    }
    const { seconds, uncertainty } = session.clock;
    const off = `this machine's clock is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead of'} AWS (± ${uncertainty.toFixed(1)} s)`;
    return Math.abs(seconds) > TOLERATED_SECONDS ? fail(off, 'set the clock, with chrony or systemd-timesyncd') : pass(off);
  },
};

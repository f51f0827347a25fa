// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../commands/command-error';
import { CpuSample, sampleCpu } from './cpu-usage';
import { Daemon } from './daemon';
import { Plan } from './plan';
import { Snapshot, takeSnapshot } from './snapshot';

const READY_MS = 30_000; // DPDK scans and allocates for seconds on a slow machine
const READY_POLL_MS = 50;
const QUIET_POLL_MS = 50;
const QUIET_HEARTBEATS = 2; // one may have been on its way while the last packet was dropped
const QUIET_MS = 10_000;

/** A receiver of the data plane, started from a plan. */
export class Receiver {
  /** Resolves when every queue polls; else throws with the receiver's own words. */
  static async start(command: readonly [string, string[]], env: Plan, log: string, kbStats: string, signal: AbortSignal): Promise<Receiver> {
    const receiver = new Receiver(Daemon.start(command, { PATH: process.env.PATH, ...env }, log), env.KB_STATS_PAGE, kbStats);
    try {
      await receiver.untilReady(signal);
      return receiver;
    } catch (error) {
      await receiver.stop();
      throw error;
    }
  }

  private constructor(private readonly daemon: Daemon, private readonly page: string, private readonly kbStats: string) {}

  async snapshot(): Promise<Snapshot> {
    if (this.daemon.failure !== undefined) {
      throw CommandError.retry(`the receiver is gone: ${this.daemon.failure}`);
    }
    return takeSnapshot(this.kbStats, this.page);
  }

  /**
   * Waits until nothing moves any more: all that was sent has been delivered or booked. What devices
   * and sockets dropped reaches the page with the receiver's heartbeat, so that is what to wait for.
   */
  async whenQuiet(signal: AbortSignal): Promise<Snapshot> {
    const deadline = performance.now() + QUIET_MS;
    let last = await this.snapshot();
    for (let heartbeats = 0; heartbeats < QUIET_HEARTBEATS;) {
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw CommandError.retry(`the receiver's counters still move, or its heart does not beat, ${QUIET_MS / 1000} s after the last packet`);
      }
      await sleep(QUIET_POLL_MS);
      const now = await this.snapshot();
      if (counters(now) !== counters(last)) {
        heartbeats = 0;
        last = now;
      } else if (now.heartbeat !== last.heartbeat) {
        heartbeats++;
        last = now;
      }
    }
    return last;
  }

  cpu(): CpuSample | undefined {
    return sampleCpu(this.daemon.pid);
  }

  stop(): Promise<string> {
    return this.daemon.stop();
  }

  /** Stops it after a good run; one that does not end in order has failed, whatever it counted. */
  async finish(): Promise<void> {
    if (await this.daemon.stop() !== 'status 0') {
      throw CommandError.retry(`the receiver received, but did not stop in order: ${this.daemon.failure}`);
    }
  }

  private async untilReady(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline) {
      signal.throwIfAborted();
      if (this.daemon.failure !== undefined) {
        throw CommandError.retry(`the receiver does not start: ${this.daemon.failure}`);
      }
      const now = await takeSnapshot(this.kbStats, this.page).catch(() => undefined); // no page yet
      if (now?.ready) {
        return;
      }
      await sleep(READY_POLL_MS);
    }
    throw CommandError.retry(`the receiver was not ready within ${READY_MS / 1000} s`);
  }
}

function counters(snapshot: Snapshot): string {
  return JSON.stringify([snapshot.received, snapshot.lost]);
}

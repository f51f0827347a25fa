// SPDX-License-Identifier: Apache-2.0
import { DataPlaneKind } from '../../lib/data-plane-kind';
import type { DataPlaneMeasurement } from '../../lib/recommendation';
import { CommandError } from '../commands/command-error';
import { failures, LabReport } from '../lab/report';

const KINDS = Object.values(DataPlaneKind);

/** What a report says of each plane, from the time a message was due to the end of its handler. */
export function measurementsOf(report: LabReport, file: string): DataPlaneMeasurement[] {
  // All planes on the same wire: DPDK over shared memory is another measurement than DPDK over veth.
  const runs = report.runs.filter(({ wire }) => wire !== 'memif');
  const failed = runs.flatMap(failures);
  if (failed.length > 0) {
    throw CommandError.usage(`'${file}' has runs that failed, whose latency is that of the packets that arrived: ${failed.join('; ')}`);
  }
  const measured = KINDS.flatMap((dataPlane) => {
    const run = runs.findLast(({ plane }) => plane === dataPlane.valueOf());
    return run === undefined ? [] : [{ dataPlane, p99Micros: run.latencyNs.p99 / 1000, packetsPerSecond: run.rateAchieved }];
  });
  if (measured.length === 0) {
    throw CommandError.usage(`'${file}' has no run of ${KINDS.join(', ')}`);
  }
  return measured;
}

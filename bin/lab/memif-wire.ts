// SPDX-License-Identifier: Apache-2.0
import { ealArguments } from './eal';
import { Change } from './lab-plan';
import { Causes } from './ledger';
import { Bench } from './measure';
import { labMtu } from './mtu';
import { RECEIVER, SENDER } from './network';
import { Plan } from './plan';
import { LabPlane } from './planes';
import { HOST, LabWire } from './wire';

/** DPDK on both ends of shared memory: no kernel in the path, and no namespaces either. */
export class MemifWire implements LabWire {
  readonly receiver;
  readonly host: Plan = { ...HOST, KB_DATA_DRIVER: 'memif' };
  readonly changes: readonly Change[];
  readonly generator: LabWire['generator'];

  constructor(plane: LabPlane, plan: Plan, { cores, build, folder }: Bench) {
    const socket = folder.file('memif.sock');
    const port = (role: string, mac: string) => `net_memif0,role=${role},socket=${socket},socket-abstract=no,mac=${mac}`;
    this.receiver = { cpus: [cores.receiver, cores.housekeeping] };
    this.changes = [
      ['KB_EAL_ARGS', ealArguments(cores.housekeeping, port('server', RECEIVER.mac)), 'net_memif stands in for the ENA'],
      ['KB_MTU', String(labMtu(plane, plan)), 'the most that net_memif takes'],
    ];
    this.generator = [
      build.program('kb-gen-dpdk'),
      ['--eal', ealArguments(cores.housekeeping, port('client', SENDER.mac)), '--src-addr', SENDER.address, '--dst-mac', RECEIVER.mac],
      { cpus: [cores.generator, cores.housekeeping] },
    ];
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  dropped(): Promise<Causes> {
    return Promise.resolve({});
  }
}

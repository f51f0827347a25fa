// SPDX-License-Identifier: Apache-2.0
import { DataPlaneBuild } from './build';
import { Cores } from './cores';
import { ealArguments } from './eal';
import { Change } from './lab-plan';
import { Causes } from './ledger';
import { RECEIVER, SENDER } from './network';
import { Plan } from './plan';
import { HOST, LabWire } from './wire';

/** DPDK on both ends of shared memory: no kernel in the path, and no namespaces either. */
export class MemifWire implements LabWire {
  readonly receiver;
  readonly host: Plan = { ...HOST, KB_DATA_DRIVER: 'memif' };
  readonly changes: readonly Change[];
  readonly generator: LabWire['generator'];

  constructor(plan: Plan, cores: Cores, build: DataPlaneBuild, socket: string) {
    const port = (role: string, mac: string) => `net_memif0,role=${role},socket=${socket},socket-abstract=no,bsize=${bufferSize(plan)},mac=${mac}`;
    this.receiver = { cpus: [cores.receiver, cores.housekeeping] };
    this.changes = [
      ['KB_EAL_ARGS', ealArguments(cores.housekeeping, port('server', RECEIVER.mac)), 'shared memory stands in for the ENA'],
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

/** A frame must fit one buffer of the ring: a receiver takes no frame in pieces. */
function bufferSize(plan: Plan): number {
  const headers = 18; // Ethernet with one VLAN tag
  return 2 ** Math.ceil(Math.log2(Number(plan.KB_MTU) + headers));
}

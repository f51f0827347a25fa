// SPDX-License-Identifier: Apache-2.0
import { Cores } from './cores';
import { DataPlaneBuild } from './build';
import { ealArguments, interfaceDriver } from './eal';
import { Change } from './lab-plan';
import { Causes } from './ledger';
import { Network } from './network';
import { Plan } from './plan';
import { LabPlane } from './planes';
import { HOST, LabWire } from './wire';

/** Kernel sockets in one namespace, the receiver in the other, a veth pair between them. */
export class VethWire implements LabWire {
  readonly receiver;
  readonly host: Plan;
  readonly changes: readonly Change[];
  readonly generator: LabWire['generator'];

  constructor(private readonly network: Network, private readonly plane: LabPlane, plan: Plan, cores: Cores, build: DataPlaneBuild, bpfDir: string) {
    this.receiver = { namespace: network.rx.namespace, cpus: [cores.receiver, cores.housekeeping] };
    this.host = { ...HOST, KB_DATA_IFACE: network.rx.iface, KB_DATA_DRIVER: 'veth' };
    this.changes = [
      ['KB_BPF_DIR', bpfDir, 'a folder of this run'],
      ...(plan.KB_ZERO_COPY === 'require' ? [['KB_ZERO_COPY', 'auto', 'veth has no zero-copy'] as const] : []),
      ...(plan.KB_PLANE === 'dpdk' ? dpdkChanges(plan, network, cores) : []),
    ];
    this.generator = [build.program('kb-gen'), [], { namespace: network.tx.namespace, cpus: [cores.housekeeping] }];
  }

  check(port: number): Promise<void> {
    return this.network.checkPortFree(port);
  }

  async dropped(): Promise<Causes> {
    return {
      wire_dropped: await this.network.dropped(this.network.tx, 'tx'),
      // DPDK's port is the interface's user, not the interface: what that drops DPDK cannot count.
      ...(this.plane.plane === 'dpdk' ? { nic_dropped: await this.network.dropped(this.network.rx, 'rx') } : {}),
    };
  }
}

const PAGE_FRAME_MTU = 3498; // what leaves room for the headers in a 4096-byte buffer

function dpdkChanges(plan: Plan, network: Network, cores: Cores): Change[] {
  const driver = interfaceDriver();
  return [
    ['KB_EAL_ARGS', ealArguments(cores.housekeeping, `${driver}0,iface=${network.rx.iface}`), `${driver} on the veth stands in for the ENA`],
    ...(Number(plan.KB_MTU) > PAGE_FRAME_MTU ? [['KB_MTU', String(PAGE_FRAME_MTU), `${driver} keeps a frame in one page`] as const] : []),
  ];
}

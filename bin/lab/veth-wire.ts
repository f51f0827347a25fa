// SPDX-License-Identifier: Apache-2.0
import { Cores } from './cores';
import { ealArguments, interfaceDriver } from './eal';
import { Change } from './lab-plan';
import { Causes } from './ledger';
import { Bench } from './measure';
import { labMtu } from './mtu';
import { Network } from './network';
import { Plan } from './plan';
import { LabPlane } from './planes';
import { Undo } from './undo';
import { HOST, LabWire } from './wire';

/** Kernel sockets in one namespace, the receiver in the other, a veth pair between them. */
export class VethWire implements LabWire {
  static async create(plane: LabPlane, plan: Plan, bench: Bench, undo: Undo): Promise<VethWire> {
    return new VethWire(await Network.create(plane.name, labMtu(plane, plan), undo, bench.signal), plane, plan, bench);
  }

  readonly receiver;
  readonly host: Plan;
  readonly changes: readonly Change[];
  readonly generator: LabWire['generator'];
  /**
   * With an XDP program on it, veth queues frames in a ring between the two ends, and what finds it
   * full is booked on the sender's end alone. Without one, the receiver's end books every loss too.
   */
  private readonly ring: boolean;

  private constructor(private readonly network: Network, plane: LabPlane, plan: Plan, { cores, folder, build }: Bench) {
    this.ring = plan.KB_PLANE !== 'kernel' && !(plan.KB_PLANE === 'dpdk' && interfaceDriver() === 'net_af_packet');
    this.receiver = { namespace: network.rx.namespace, cpus: [cores.receiver, cores.housekeeping] };
    this.host = { ...HOST, KB_DATA_IFACE: network.rx.iface, KB_DATA_DRIVER: 'veth' };
    this.changes = plan.KB_PLANE === 'dpdk' ? dpdkChanges(network, labMtu(plane, plan), cores) : [
      ['KB_BPF_DIR', folder.file('bpf', plan.KB_PLANE), 'a folder of this run'],
      ...(plan.KB_ZERO_COPY === 'require' ? [['KB_ZERO_COPY', 'auto', 'veth has no zero-copy'] as const] : []),
    ];
    this.generator = [build.program('kb-gen'), [], { namespace: network.tx.namespace, cpus: [cores.generator, cores.housekeeping] }];
  }

  check(port: number): Promise<void> {
    return this.network.checkPortFree(port);
  }

  async dropped(): Promise<Causes> {
    return this.ring ? { wire_dropped: await this.network.droppedBySender() } : {};
  }
}

function dpdkChanges(network: Network, frameMtu: number, cores: Cores): Change[] {
  const driver = interfaceDriver();
  return [
    ['KB_EAL_ARGS', ealArguments(cores.housekeeping, `${driver}0,iface=${network.rx.iface}`), `${driver} on the veth stands in for the ENA`],
    ['KB_MTU', String(frameMtu), `${driver} keeps a frame in one page`],
  ];
}

// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as readline from 'node:readline';
import { Accelerator } from './accelerator';
import { Instance, Interface } from './instance';

/** The hardware a plan asks for, in a size that can be emulated. */
export interface MachineSpec {
  readonly accelerator: Accelerator;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly iommu: boolean;
  /** Receive queues of the data interface. */
  readonly queues: number;
  /** A qcow2 file; its backing file is the image. */
  readonly disk: string;
  /** What the firmware starts: the boot loader, or a kernel when the boot menu shall have no say. */
  readonly boot: readonly string[];
  readonly console: string;
}

/** How a machine ends whose guest asked for a reset. */
export const REBOOT = 'reboot';

/** NUMA nodes: two, because a plan that only works on one shows nothing. */
export const NUMA_NODES = 2;

// A fifth page-table level is one more step to emulate; QEMU 7.2 now and then returns from
// cmpxchg16b with the flags overwritten, and the kernel then dies of a double fault.
const EMULATED_CPU = 'max,la57=off,cx16=off';

const RX_DESCRIPTORS = 1024; // the most that virtio has; 256 is QEMU's default

/** A QEMU machine in the shape of an EC2 instance. */
export class Machine {
  /** Calls `onLine` with each line of the serial console. */
  static start(instance: Instance, spec: MachineSpec, onLine: (line: string) => void): Machine {
    const child = spawn('qemu-system-x86_64', machineArguments(instance, spec), { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = fs.createWriteStream(spec.console, { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    readline.createInterface({ input: child.stdout }).on('line', onLine);
    const machine = new Machine(child);
    readline.createInterface({ input: child.stderr }).on('line', (line) => {
      machine.lastWords = line;
    });
    return machine;
  }

  /** Resolves when the machine is gone: `REBOOT` when the guest wants to start anew, else with the reason. */
  readonly gone: Promise<string>;

  private lastWords = '';

  private constructor(private readonly child: ChildProcess) {
    this.gone = new Promise((resolve) => {
      child.on('error', (error) => resolve(`qemu-system-x86_64 does not start: ${error.message}`));
      child.on('close', (status, signal) => {
        // Ended by a signal it can handle, QEMU says so and exits with 0.
        const killed = this.lastWords.includes('terminating on signal');
        resolve(status === 0 && !killed ? REBOOT : `the machine stopped with ${signal ?? `status ${status}`}: ${this.lastWords}`);
      });
    });
  }

  /** Takes the power away: what the guest had not written to its disk is lost. */
  async powerCut(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}

/** The command line, a function of the specification alone. */
export function machineArguments(instance: Instance, spec: MachineSpec): string[] {
  return [
    // The name and numbers by which cloud-init and systemd recognise EC2.
    '-smbios', `type=1,manufacturer=Amazon EC2,product=${instance.type},serial=${uuid(instance)},uuid=${uuid(instance)}`,
    '-machine', 'q35,kernel-irqchip=split', // the IOMMU remaps interrupts only with a split irqchip
    ...(spec.accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', 'tcg,thread=multi', '-cpu', EMULATED_CPU]),
    ...processorsAndMemory(spec),
    // A reboot ends QEMU, and a new one starts: after a reset, emulation trips over its translations of the old kernel.
    '-no-reboot',
    '-nodefaults', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-rtc', 'base=utc',
    // The IOMMU must exist before the devices behind it.
    ...(spec.iommu ? ['-device', 'intel-iommu,intremap=on,caching-mode=on'] : []),
    ...spec.boot,
    '-drive', `file=${spec.disk},if=none,id=root,format=qcow2,cache=unsafe`, // a host that crashes ends the test anyway
    '-device', 'virtio-blk-pci,bus=pcie.0,drive=root',
    '-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,bus=pcie.0,rng=rng',
    // A second root complex on the last node, so that the data interface is near one node and not the other.
    '-device', `pxb-pcie,id=far,bus=pcie.0,bus_nr=64,numa_node=${NUMA_NODES - 1}`,
    '-device', 'pcie-root-port,id=far-port,bus=far,chassis=1',
    ...instance.interfaces.flatMap((nic, index) => networkCard(nic, index, spec)),
  ];
}

function processorsAndMemory(spec: MachineSpec): string[] {
  const nodes = [...Array(NUMA_NODES).keys()];
  const perNode = Math.ceil(spec.cpus / NUMA_NODES);
  const memory = Math.floor(spec.memoryMiB / NUMA_NODES);
  return [
    '-smp', `${spec.cpus},sockets=${NUMA_NODES},cores=${perNode},threads=1`, '-m', String(memory * NUMA_NODES),
    ...nodes.flatMap((node) => {
      const last = Math.min((node + 1) * perNode, spec.cpus) - 1;
      return [
        '-object', `memory-backend-ram,id=node${node},size=${memory}M`,
        '-numa', `node,nodeid=${node},memdev=node${node},cpus=${node * perNode}-${last}`,
      ];
    }),
  ];
}

function networkCard(nic: Interface, index: number, spec: MachineSpec): string[] {
  const queues = index === 0 ? 1 : spec.queues;
  const properties = [
    'virtio-net-pci', `netdev=net${index}`, `mac=${nic.mac}`, 'disable-legacy=on', 'romfile=', // nothing boots from the network
    index === 0 ? 'bus=pcie.0' : 'bus=far-port',
    ...(queues > 1 ? ['mq=on', `vectors=${2 * queues + 2}`] : []),
    ...(index > 0 ? [`rx_queue_size=${RX_DESCRIPTORS}`] : []),
    // Its DMA goes through the IOMMU, or user space could not own it.
    ...(index > 0 && spec.iommu ? ['iommu_platform=on'] : []),
    // Whole frames with real checksums, as ENA delivers them: an XDP program sees what was on the wire.
    'guest_csum=off', 'guest_tso4=off', 'guest_tso6=off', 'guest_ecn=off', 'guest_ufo=off',
  ];
  return [
    '-netdev', `tap,id=net${index},ifname=${nic.tap},script=no,downscript=no${queues > 1 ? `,queues=${queues}` : ''}`,
    '-device', properties.join(','),
  ];
}

/** EC2's UUIDs begin with its name. */
function uuid(instance: Instance): string {
  return `ec2${instance.id.replace(/\D/g, '').padEnd(5, '0').slice(0, 5)}-1ab0-4000-8000-000000000000`;
}

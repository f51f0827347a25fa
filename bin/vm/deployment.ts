// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import { parsePlan, Plan } from '../lab/plan';
import { run } from '../lab/shell';
import { AssetStore } from './asset-store';
import { s3Identity } from './certificate';
import { ConsoleWatcher } from './console-watcher';
import { temporaryCredentials } from './credentials';
import { DhcpServer } from './dhcp-server';
import { DnsServer } from './dns-server';
import { Events } from './events';
import { Feed } from './feed';
import { Instance, Interface } from './instance';
import { Job } from './job';
import { Machine, MachineSpec, NUMA_NODES, REBOOT } from './machine';
import { MetadataService } from './metadata-service';
import { Operator } from './operator';
import { PackageGateway } from './package-gateway';
import { S3Endpoint } from './s3-endpoint';
import { StatsdSink } from './statsd-sink';
import { Launch, Template } from './template';
import { undoFindings } from './undo-check';
import { createVpc, placeInterfaces } from './vpc';
import { Outcome, WaitCondition } from './wait-condition';
import { Traffic, VmReport } from './vm-report';

const ACCOUNT = '123456789012';
const REGION = 'us-east-1';
const INSTANCE_ID = 'i-0c6a11ab000000001';
const BASE_MEMORY_MIB = 1536; // Debian, and compiling a handler

const MAX_BOOTS = 6; // one reboot for the kernel arguments, two by the operator, and a power cut

const READY_AGAIN_SECONDS = 600; // after a reboot
const QUIET_SECONDS = 15; // how long a failed host is watched for a second word

/** Deploys a template to a machine, watches it as CloudFormation would, and sends packets to it. */
export class Deployment {
  /** Must run in a network namespace of its own. */
  static async start(job: Job, events: Events): Promise<Deployment> {
    const template = Template.read(job.assembly, job.stackName);
    const wait = new WaitCondition(REGION, ACCOUNT, job.stackName, template.handleId);
    const launch = template.launch(ACCOUNT, REGION, wait.handleUrl);
    const instance = place(launch, job);
    const plan = { ...parsePlan(launch.userData), ...job.faults.plan };
    const queues = Number(plan.KB_QUEUES);
    const credentials = temporaryCredentials();
    const operator = await Operator.create(job.folder);

    await createVpc(instance.interfaces, queues);
    await DhcpServer.start(instance.interfaces);
    await DnsServer.start(job.packages === undefined ? [] : [job.packages.host]);
    await MetadataService.start(instance, credentials, operator.publicKey);
    const assets = new AssetStore(template.assets(ACCOUNT, REGION), credentials, REGION, launch.readable, job.faults.asset);
    await S3Endpoint.start(await s3Identity(job.image.caFolder, job.folder, REGION), assets, wait, (line) => events.say(line));
    if (job.packages !== undefined) {
      await PackageGateway.attach(job.packages.socket);
    }
    const sink = await StatsdSink.start();

    const data = instance.interfaces[instance.interfaces.length - 1];
    const feed = new Feed(job.generator, data.address, plan, sink);
    const deployment = new Deployment(job, events, instance, plan, queues, wait, operator, sink, feed);
    await deployment.createDisk();
    events.say(`CREATE_IN_PROGRESS  ${template.instanceId} (${instance.id}, ${instance.type}, ${deployment.describe()})`);
    deployment.timeoutSeconds = job.timeoutSeconds ?? launch.waitTimeoutSeconds;
    return deployment;
  }

  private readonly console = new ConsoleWatcher();
  private readonly traffic: Traffic[] = [];
  private readonly findings: string[] = [];
  private timeoutSeconds = 0;
  private machine?: Machine;
  private boots = 0;
  private powerWasCut = false;

  private constructor(
    private readonly job: Job,
    private readonly events: Events,
    private readonly instance: Instance,
    private readonly plan: Plan,
    private readonly queues: number,
    private readonly wait: WaitCondition,
    private readonly operator: Operator,
    private readonly sink: StatsdSink,
    private readonly feed: Feed,
  ) {}

  async run(): Promise<VmReport> {
    this.powerOn();
    const timer = setTimeout(() => this.wait.timeOut(), this.timeoutSeconds * 1000);
    const outcome = await this.wait.outcome;
    clearTimeout(timer);
    const secondsToSignal = this.events.seconds;
    this.events.say(`${outcome.status}  ${outcome.reason}`);

    if (this.job.expectedFailure !== undefined) {
      await this.checkFailure(outcome, this.job.expectedFailure);
    } else if (outcome.status === 'CREATE_COMPLETE' && !this.job.bare) {
      if (this.job.firstBootIsLast && this.boots > 1) {
        this.findings.push(`the image was baked for this host, and the host took ${this.boots} boots to become ready`);
      }
      await this.sendPackets();
      for (let reboot = 1; reboot <= this.job.reboots; reboot += 1) {
        await this.reboot();
      }
      if (this.job.undo) {
        await this.undo();
      }
    } else if (outcome.status === 'CREATE_FAILED') {
      this.findings.push(outcome.reason);
    }
    if (this.wait.signals.length > 1) {
      this.findings.push(`the stack was signalled ${this.wait.signals.length} times: ${this.wait.signals.map(({ status }) => status).join(', ')}`);
    }
    return {
      plane: this.job.plane,
      iommu: this.job.iommu,
      accelerator: this.job.accelerator,
      status: outcome.status,
      reason: outcome.reason,
      secondsToSignal,
      boots: this.boots,
      signals: this.wait.signals.length,
      statsdLines: this.sink.lines,
      traffic: this.traffic,
      phases: this.sink.byTag('BootPhaseSeconds', `Name:${this.plan.KB_NAME},Phase:`),
      findings: this.findings,
    };
  }

  howToLogIn(): string {
    return `nsenter --target ${process.pid} --net -- ${this.operator.commandLine(this.instance.interfaces[0].address)}`;
  }

  /** Leaves the machine running until the user ends this process. */
  async stay(): Promise<void> {
    await new Promise(() => undefined);
  }

  private powerOn(): void {
    const { job } = this;
    const machine = Machine.start(this.instance, this.spec(), (line) => this.see(line));
    this.machine = machine;
    void machine.gone.then((reason) => {
      if (this.machine !== machine) {
        return; // its power was cut
      }
      if (reason === REBOOT && this.boots < MAX_BOOTS) {
        this.powerOn();
      } else {
        this.wait.fail(`${reason === REBOOT ? `the host rebooted ${this.boots} times` : reason}; see ${path.join(job.folder, 'console.log')}`);
      }
    });
  }

  private spec(): MachineSpec {
    const { job, plan } = this;
    const hugePagesMiB = Math.min(Number(plan.KB_HUGEPAGES_PER_NODE) * Number(plan.KB_HUGEPAGE_KB) / 1024 * NUMA_NODES, 2048);
    return {
      accelerator: job.accelerator,
      cpus: 1 + Math.max(...cpus(plan.KB_RX_CORES), ...cpus(plan.KB_HOUSEKEEPING_CORES)),
      memoryMiB: BASE_MEMORY_MIB + hugePagesMiB,
      iommu: job.iommu,
      queues: this.queues,
      disk: this.disk,
      boot: job.faults.fixedKernel
        ? ['-kernel', job.image.kernel, '-initrd', job.image.initrd, '-append', 'root=LABEL=kb-root ro console=ttyS0,115200']
        : ['-kernel', job.image.loader],
      console: path.join(job.folder, 'console.log'),
    };
  }

  private get disk(): string {
    return path.join(this.job.folder, 'disk.qcow2');
  }

  private async createDisk(): Promise<void> {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', this.job.image.disk, '-F', 'raw', this.disk]);
  }

  private describe(): string {
    const { cpus: count, memoryMiB, accelerator, iommu } = this.spec();
    return `${count} CPUs on ${NUMA_NODES} NUMA nodes, ${memoryMiB} MiB, ${iommu ? 'IOMMU' : 'no IOMMU'}, ${accelerator}`;
  }

  private see(line: string): void {
    const sighting = this.console.read(line);
    if (sighting !== undefined) {
      this.boots = sighting.boot === undefined ? this.boots : this.boots + 1;
      this.events.say(sighting.words);
    }
    if (this.job.bare && sighting?.finishedAfter !== undefined) {
      this.wait.succeed(`cloud-init finished ${sighting.finishedAfter.toFixed(0)} s after the kernel started`);
    }
    if (this.job.powerCutAt !== undefined && !this.powerWasCut && line.includes(this.job.powerCutAt)) {
      this.powerWasCut = true;
      void this.cutPower();
    }
  }

  private async cutPower(): Promise<void> {
    this.events.say('the power is cut, and comes back');
    const old = this.machine;
    this.machine = undefined; // its end is no reason to fail
    await old?.powerCut();
    this.powerOn();
  }

  private async sendPackets(): Promise<void> {
    const traffic = await this.feed.send();
    const { sent, received, lost, unexplained } = traffic;
    this.traffic.push(traffic);
    this.events.say(`${sent} packets sent, ${received} received by the guest, ${lost} lost by name, ${unexplained} unexplained`);
    if (received !== sent) {
      this.findings.push(`${sent} packets were sent, and the guest counted ${received}`);
    }
  }

  /** The host comes back to ready by itself, receives, and says nothing to the stack. */
  private async reboot(): Promise<void> {
    const { boots } = this;
    this.events.say('the operator reboots the host');
    await this.onHost('systemctl reboot');
    if (!await this.until(READY_AGAIN_SECONDS, async () => this.boots > boots && (await this.onHost('systemctl is-active kb-ready')).status === 0)) {
      this.findings.push(`not ready within ${READY_AGAIN_SECONDS} s of a reboot`);
      return;
    }
    this.events.say(`ready again after boot ${this.boots}`);
    await this.sendPackets();
  }

  /** The operator takes everything back, and starts it again. */
  private async undo(): Promise<void> {
    this.events.say('the operator runs kb-undo');
    const findings = await undoFindings((command) => this.onHost(command), this.dataInterface.mac);
    this.findings.push(...findings);
    this.events.say(findings.length === 0 ? 'nothing is left of what the steps changed' : `kb-undo left ${findings.length} things changed`);
    await this.onHost('systemctl start kb.target');
    if (!await this.until(READY_AGAIN_SECONDS, async () => (await this.onHost('systemctl is-active kb-ready')).status === 0)) {
      this.findings.push(`not ready within ${READY_AGAIN_SECONDS} s of a start after kb-undo`);
      return;
    }
    this.events.say('ready again');
    await this.sendPackets();
  }

  private get dataInterface(): Interface {
    return this.instance.interfaces[this.instance.interfaces.length - 1];
  }

  /** A failed host has given its reason once, can be logged in to, and does not try for ever. */
  private async checkFailure(outcome: Outcome, expected: string): Promise<void> {
    if (outcome.status !== 'CREATE_FAILED' || !new RegExp(expected, 's').test(outcome.reason)) {
      this.findings.push(`expected CREATE_FAILED with a reason like /${expected}/`);
      return;
    }
    const { boots } = this;
    await sleep(QUIET_SECONDS);
    const { status, stderr } = await this.onHost('true');
    if (status !== 0) {
      this.findings.push(`the failed host cannot be reached over its management interface: ${stderr.trim()}`);
    } else {
      this.events.say('the host can be reached over its management interface');
    }
    if (this.boots > boots) {
      this.findings.push('the failed host rebooted');
    }
  }

  private onHost(command: string) {
    return this.operator.on(this.instance.interfaces[0].address, command);
  }

  private async until(seconds: number, condition: () => Promise<boolean>): Promise<boolean> {
    const end = Date.now() + seconds * 1000;
    while (!await condition()) {
      if (Date.now() > end) {
        return false;
      }
      await sleep(2);
    }
    return true;
  }
}

/** The instance as EC2 would create it from the launch, but for the faults that are asked for. */
function place(launch: Launch, job: Job): Instance {
  const interfaces = placeInterfaces(launch.interfaces);
  return {
    id: INSTANCE_ID,
    type: launch.instanceType,
    imageId: launch.imageId,
    accountId: ACCOUNT,
    region: REGION,
    availabilityZone: `${REGION}a`,
    role: launch.role,
    tags: launch.tagsInMetadata ? launch.tags : {},
    interfaces: job.faults.noDataInterface ? interfaces.slice(0, 1) : interfaces,
    userData: job.bare ? '#!/bin/sh\n' : withPlan(launch.userData, job.faults.plan ?? {}),
  };
}

/** The user data with some keys of its plan changed. */
function withPlan(userData: string, edits: Readonly<Record<string, string>>): string {
  return Object.entries(edits).reduce((text, [key, value]) => text.replace(new RegExp(`^${key}="[^"]*"$`, 'm'), `${key}="${value}"`), userData);
}

/** CPUs of a list such as `0-1,4`. */
function cpus(list: string): number[] {
  return list.split(',').filter(Boolean).flatMap((range) => range.split('-').map(Number));
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

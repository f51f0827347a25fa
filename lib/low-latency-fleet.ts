// SPDX-License-Identifier: Apache-2.0
import { Duration, Token } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { FleetUpdate } from './fleet-update';
import type { LowLatencyHostProps } from './low-latency-host-props';
import type { IPacketReceiver } from './packet-receiver';
import { validateAlarms } from './private/alarm-validation';
import { secondsOf } from './private/amounts';
import { range } from './private/bounds';
import { receiverName } from './private/dimension-name';
import { fail, Findings } from './private/fail';
import { Host } from './private/host';
import { grantHealthReports } from './private/host-grants';
import { refreshInstances } from './private/network-escape';
import { PacketReceiverBase } from './private/packet-receiver-base';
import { DEFAULT_BOOT_TIMEOUT } from './private/plan-input';
import { nameTag } from './private/tag-escape';

const MOST_TYPES = 40; // overrides of a mixed instances policy

/** A fleet of hosts that receive packets, in this stack or another. */
export interface ILowLatencyFleet extends IPacketReceiver {
  /**
   * Value of the metric dimension `Name`, which all hosts of the fleet share.
   * @attribute
   */
  readonly fleetName: string;

  /**
   * Name of the Auto Scaling group.
   * @attribute
   */
  readonly autoScalingGroupName: string;

  /**
   * Hosts that EC2 Auto Scaling counts as in service, whatever their receivers do.
   *
   * @default - minimum over one minute
   */
  metricInServiceInstances(options?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** Options of `LowLatencyFleet`. */
export interface LowLatencyFleetProps extends LowLatencyHostProps {
  /**
   * Fewest hosts.
   *
   * @default 1
   */
  readonly minCapacity?: number;

  /**
   * Most hosts.
   *
   * @default - the larger of `minCapacity` and `desiredCapacity`
   */
  readonly maxCapacity?: number;

  /**
   * Hosts to run. When it is given, each deployment sets the group back to it.
   *
   * @default - `minCapacity` at first, then what scaling made of it, until an update makes a new group
   * (`FleetUpdate.replace`), which begins with `minCapacity` again
   */
  readonly desiredCapacity?: number;

  /**
   * Hosts that must prove themselves before a deployment that launches hosts succeeds. One that fails, fails it at
   * once, until so many have succeeded.
   *
   * A wait condition cannot change its count, so another number replaces all hosts. Give it where `minCapacity` changes.
   *
   * @default - `minCapacity`, at least 1
   */
  readonly readyCount?: number;

  /**
   * Types to take, in this order, when EC2 has no capacity for `instanceType`. Each has a launch template with a plan of
   * its own, for cores, queues and memory differ.
   *
   * @default - none: without capacity a host does not start
   */
  readonly fallbackInstanceTypes?: ec2.InstanceType[];

  /**
   * How long a receiver may be dead before its host tells EC2 Auto Scaling that it is unhealthy, to be replaced: 30
   * seconds to an hour, or 0 for never. A host that is younger than `bootTimeout` is left alone.
   *
   * @default Duration.seconds(60)
   */
  readonly unhealthyAfter?: Duration;

  /**
   * How hosts are replaced when their launch template changes.
   *
   * @default FleetUpdate.replace()
   */
  readonly update?: FleetUpdate;

  /**
   * Value of the metric dimension `Name`: up to 127 letters, digits, '.', '_' and '-'.
   *
   * @default - from the construct path: `Demo-Feeds`
   */
  readonly fleetName?: string;
}

/** What is known of a fleet that another stack or tool defined. */
export interface LowLatencyFleetAttributes {
  /** Value of the metric dimension `Name`. */
  readonly fleetName: string;

  /** Name of the Auto Scaling group. */
  readonly autoScalingGroupName: string;

  /**
   * Security groups of the data ENIs.
   *
   * @default - unknown: connections cannot be changed
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Role of the hosts.
   *
   * @default - unknown: grants fail
   */
  readonly role?: iam.IRole;
}

abstract class LowLatencyFleetBase extends PacketReceiverBase implements ILowLatencyFleet {
  public abstract readonly fleetName: string;
  public abstract readonly autoScalingGroupName: string;

  public metricInServiceInstances(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupInServiceInstances',
      dimensionsMap: { AutoScalingGroupName: this.autoScalingGroupName },
      period: Duration.minutes(1),
      statistic: cloudwatch.Stats.MINIMUM,
      ...options,
    }).attachTo(this);
  }
}

class ImportedLowLatencyFleet extends LowLatencyFleetBase {
  public readonly fleetName: string;
  public readonly autoScalingGroupName: string;
  public readonly connections: ec2.Connections;
  public readonly grantPrincipal: iam.IPrincipal;
  protected readonly _dimension: string;

  public constructor(scope: Construct, id: string, attributes: LowLatencyFleetAttributes) {
    super(scope, id);
    this.fleetName = this._dimension = attributes.fleetName;
    this.autoScalingGroupName = attributes.autoScalingGroupName;
    this.connections = new ec2.Connections({ securityGroups: attributes.securityGroups });
    this.grantPrincipal = attributes.role ?? new iam.UnknownPrincipal({ resource: this });
  }
}

/**
 * Hosts that receive packets, all alike, in one Auto Scaling group, one subnet and so one Availability Zone.
 *
 * They come up as a `LowLatencyInstance` does, from the same plan. What CloudFormation waits for:
 *
 * * When the fleet is created, until `readyCount` hosts have proved themselves. The first one that fails before that
 *   fails the deployment with its reason.
 * * When the launch template changes (plan, image, this library's host scripts), the same with new hosts. By default
 *   they are a new group, and the old one stays until the new hosts have proved themselves; `FleetUpdate.instanceRefresh()`
 *   and `FleetUpdate.rolling()` need less capacity and promise less.
 * * Never for hosts that start otherwise: `desiredCapacity` and `maxCapacity` change no host, and nobody waits for those
 *   that scaling or a failed health check starts. Such a host still checks itself and reports to its journal and metrics.
 *
 * Metrics are of the fleet: all hosts publish histograms under one name, so percentiles are true ones over all packets.
 * `ReceiverUp` and `FastPath` are those of the worst host that publishes; one that is gone publishes nothing, which
 * `metricInServiceInstances()` shows.
 *
 * A host is replaced when EC2's status checks fail, and when its receiver is dead: the host says so itself, for which it
 * needs a way to the endpoint of EC2 Auto Scaling. Stop `kb-health` before you stop a receiver to look at it.
 *
 * Every host receives what is sent to it: which flow goes to which host is for the sender, or a multicast group, to say.
 * `PartitionedFleet` gives each group of hosts flows of its own.
 *
 * Tags go from the group to the hosts that it starts from then on, and replace none; their volumes have the name alone.
 */
export class LowLatencyFleet extends LowLatencyFleetBase {
  /** A fleet that another stack or tool defined. */
  public static fromLowLatencyFleetAttributes(scope: Construct, id: string, attributes: LowLatencyFleetAttributes): ILowLatencyFleet {
    return new ImportedLowLatencyFleet(scope, id, attributes);
  }

  public readonly fleetName: string;
  public readonly autoScalingGroupName: string;

  /** Who may talk to the data ENIs. */
  public readonly connections: ec2.Connections;

  public readonly grantPrincipal: iam.IPrincipal;

  /** Role of the hosts. */
  public readonly role: iam.IRole;

  /** The group, for scaling policies, schedules and lifecycle hooks of your own. */
  public readonly autoScalingGroup: autoscaling.AutoScalingGroup;

  /** Everything EC2 knows of the hosts of `instanceType`. */
  public readonly launchTemplate: ec2.LaunchTemplate;

  /** The same for `fallbackInstanceTypes`, in their order. */
  public readonly fallbackLaunchTemplates: ec2.LaunchTemplate[];

  /** Placement group of the hosts. */
  public readonly placementGroup: ec2.IPlacementGroup;

  /** Security group of the management ENIs. */
  public readonly managementSecurityGroup: ec2.ISecurityGroup;

  /** @internal */
  protected readonly _dimension: string;

  public constructor(scope: Construct, id: string, props: LowLatencyFleetProps) {
    super(scope, id);
    const update = props.update ?? FleetUpdate.replace();
    const { min, max, ready } = this.capacities(props, update);
    this.fleetName = this._dimension = receiverName(this, 'fleetName', props.fleetName);
    const { fallbackInstanceTypes = [] } = props;
    const unhealthyAfterSeconds = secondsOf(props.unhealthyAfter ?? Duration.seconds(60));
    const host = new Host(this, this.fleetName, props, {
      interfacesNameSubnets: false,
      signals: ready,
      hosts: [min, max],
      whileUpdating: update._whileUpdating(max),
      fallbackInstanceTypes,
      unhealthyAfterSeconds,
    });
    this.managementSecurityGroup = host.managementSecurityGroup;
    this.connections = host.connections;
    this.placementGroup = host.placementGroup;
    this.role = this.grantPrincipal = host.role;
    [this.launchTemplate, ...this.fallbackLaunchTemplates] = host.launchTemplates;
    this.checkTypes(host.instanceType, fallbackInstanceTypes, props.machineImage);

    this.autoScalingGroup = new autoscaling.AutoScalingGroup(this, 'Resource', {
      vpc: props.vpc,
      vpcSubnets: { subnets: [host.subnet] },
      ...this.fallbackLaunchTemplates.length === 0 ? { launchTemplate: this.launchTemplate } : { mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandPercentageAboveBaseCapacity: 100,
          onDemandAllocationStrategy: autoscaling.OnDemandAllocationStrategy.PRIORITIZED,
        },
        launchTemplate: this.launchTemplate,
        launchTemplateOverrides: [
          { instanceType: host.instanceType },
          ...fallbackInstanceTypes.map((instanceType, index) => ({ instanceType, launchTemplate: this.fallbackLaunchTemplates[index] })),
        ],
      } },
      // What a host says of itself counts from then on.
      healthChecks: autoscaling.HealthChecks.ec2(unhealthyAfterSeconds === 0 ? {} : { gracePeriod: props.bootTimeout ?? DEFAULT_BOOT_TIMEOUT }),
      minCapacity: min,
      maxCapacity: max,
      desiredCapacity: props.desiredCapacity,
      groupMetrics: [autoscaling.GroupMetrics.all()],
      updatePolicy: update._policy(),
    });
    this.autoScalingGroupName = this.autoScalingGroup.autoScalingGroupName;
    const refresh = update._refresh();
    if (refresh) {
      refreshInstances(this.autoScalingGroup, refresh);
    }
    // The group names its instances after itself; the launch template has said it better.
    nameTag(this.autoScalingGroup, this.node.path);
    if (unhealthyAfterSeconds > 0) {
      grantHealthReports(this, this.role, this.autoScalingGroup.autoScalingGroupArn);
    }
    host.proves(this.autoScalingGroup.node.defaultChild as autoscaling.CfnAutoScalingGroup);
    validateAlarms(this);
  }

  private checkTypes(first: ec2.InstanceType, others: readonly ec2.InstanceType[], machineImage?: ec2.IMachineImage): void {
    const names = [first, ...others].map(type => type.toString());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      fail(this, `'fallbackInstanceTypes' has ${twice} twice, or it is the 'instanceType'`);
    }
    const another = others.find(type => type.architecture !== first.architecture);
    if (machineImage && another) {
      fail(this, `'machineImage' is of one architecture: 'fallbackInstanceTypes' must be ${first.architecture} as ${first.toString()}, got ${another.toString()}`);
    }
    if (names.length > MOST_TYPES) {
      fail(this, `'fallbackInstanceTypes' may have at most ${MOST_TYPES - 1} entries, got ${others.length}`);
    }
  }

  private capacities(props: LowLatencyFleetProps, update: FleetUpdate): { min: number; max: number; ready: number } {
    const findings = new Findings();
    const min = props.minCapacity ?? Math.min(1, props.desiredCapacity ?? 1);
    const max = props.maxCapacity ?? Math.max(min, props.desiredCapacity ?? 1);
    const initial = props.desiredCapacity ?? min;
    const ready = props.readyCount ?? Math.max(min, 1);
    for (const [name, value] of Object.entries({ minCapacity: min, maxCapacity: max, desiredCapacity: initial, readyCount: ready })) {
      findings.check(!Token.isUnresolved(value), `'${name}' must be known at synth, got a token`);
    }
    findings.throwIfAny(this);
    range(findings, 'minCapacity', min, 0, 10000);
    if (initial === 0 && props.desiredCapacity === undefined) {
      findings.add("'desiredCapacity' must be given with a 'minCapacity' of 0: a deployment waits for one host at least");
    } else if (range(findings, 'maxCapacity', max, Math.max(min, 1), 10000)
      && range(findings, 'desiredCapacity', initial, Math.max(min, 1), max)) {
      range(findings, 'readyCount', ready, 1, initial, ', the hosts that the fleet starts with');
    }
    update._check(max, findings);
    findings.throwIfAny(this);
    return { min, max, ready };
  }
}

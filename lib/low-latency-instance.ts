// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { Construct } from 'constructs';
import type { CoreLayout } from './core-layout';
import { DataInterface } from './data-interface';
import type { DataPlane } from './data-plane';
import { HostOs } from './host-os';
import type { HostTuning } from './host-tuning';
import type { InstanceCapabilities } from './instance-capabilities';
import { validateAlarms } from './private/alarm-validation';
import { renderUserData } from './private/bootstrap';
import { decide } from './private/decide';
import { dimensionName } from './private/dimension-name';
import { fail } from './private/fail';
import { hostAsset } from './private/host-assets';
import { grantHost, hostTemplate } from './private/host-template';
import { instanceMetric } from './private/metrics';
import { BootGate, instanceFromTemplate, setNetworkInterfaces } from './private/network-escape';
import { DEFAULT_BOOT_TIMEOUT, planInput } from './private/plan-input';
import { validateTagKeys } from './private/tag-validation';

/** A host that receives packets, in this stack or another. */
export interface ILowLatencyInstance extends IConstruct, ec2.IConnectable, iam.IGrantable {
  /**
   * Value of the metric dimension `Name`.
   * @attribute
   */
  readonly instanceName: string;

  /**
   * EC2's id of the instance.
   * @attribute
   */
  readonly instanceId: string;

  /** A metric of this instance by its name; the statistic follows the kind of metric. */
  metric(metricName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * From the packet's arrival stamp to the end of its handler, in microseconds.
   *
   * @default - p99 over one minute
   */
  metricReceiveLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * From the sender's scheduled stamp to the handler, in microseconds; messages that carry a stamp only.
   *
   * @default - p99 over one minute
   */
  metricOneWayLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams delivered to the handler.
   *
   * @default - sum over one minute
   */
  metricPacketsReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * UDP payload bytes delivered to the handler.
   *
   * @default - sum over one minute
   */
  metricBytesReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of the feed that were lost for a known cause.
   *
   * @default - sum over one minute
   */
  metricPacketsLost(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of the feed that were lost for one cause.
   *
   * @param cause a name of `include/kb/causes.def`, such as `nic_overrun`
   * @default - sum over one minute
   */
  metricPacketsLostBy(cause: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets of other traffic: ARP, ICMP, other ports.
   *
   * @default - sum over one minute
   */
  metricPacketsIgnored(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Messages missing by their sequence number.
   *
   * @default - sum over one minute
   */
  metricSequenceGaps(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Sequence gaps that no cause accounts for: lost outside this host, or by a defect.
   *
   * @default - sum over one minute
   */
  metricPacketsUnexplained(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams that the handler sent.
   *
   * @default - sum over one minute
   */
  metricPacketsSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Datagrams that the handler wanted to send and gave up: no free TX descriptor.
   *
   * @default - sum over one minute
   */
  metricPacketsUnsent(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Packets that EC2 queued or dropped because the instance exceeded an allowance.
   *
   * @default - sum over one minute
   */
  metricAllowanceExceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * 1 while the receiver lives.
   *
   * @default - minimum over one minute
   */
  metricReceiverUp(options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * 1 while the mode in force is the mode planned: zero-copy, native XDP, the chosen driver.
   *
   * @default - minimum over one minute
   */
  metricFastPath(options?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** Options of `LowLatencyInstance`. */
export interface LowLatencyInstanceProps {
  /** VPC of the instance. */
  readonly vpc: ec2.IVpc;

  /** How packets get from the NIC to the handler. */
  readonly dataPlane: DataPlane;

  /**
   * Type of the instance. It must be known at synth: cores, queues and memory are planned from it.
   *
   * @default - c6in.32xlarge: 64 cores, two 100 Gbit/s network cards
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * What `instanceType` can do, where this library does not know it.
   *
   * @default - as EC2 described the type when this library was released
   */
  readonly instanceCapabilities?: InstanceCapabilities;

  /**
   * Subnets to choose from; the instance is put into the first one.
   *
   * The host needs a way out to S3, SSM, CloudWatch and its package mirror. It cannot have a public IP address: EC2
   * gives none to an instance with two network interfaces.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The ENI that carries packets.
   *
   * @default - on network card 1 where there is one, device index 1, in the subnet of the management ENI
   */
  readonly dataInterface?: DataInterface;

  /**
   * Which CPUs do what.
   *
   * @default CoreLayout.auto()
   */
  readonly coreLayout?: CoreLayout;

  /**
   * What is changed about the host.
   *
   * @default HostTuning.lowLatency()
   */
  readonly tuning?: HostTuning;

  /**
   * Operating system.
   *
   * @default HostOs.amazonLinux2023()
   */
  readonly os?: HostOs;

  /**
   * Image to boot, of the operating system that `os` names. Pin one where a newer image must not replace the host.
   *
   * @default - the newest image of `os`, read from SSM when CloudFormation deploys
   */
  readonly machineImage?: ec2.IMachineImage;

  /**
   * Hardware threads per core: 1 or 2.
   *
   * @default 1
   */
  readonly threadsPerCore?: number;

  /**
   * Placement group of the instance. Give the same one to instances that talk to each other.
   *
   * @default - a new cluster placement group
   */
  readonly placementGroup?: ec2.IPlacementGroup;

  /**
   * Role of the instance, assumed by EC2. It is given what the host needs: reading its asset, Session Manager and the
   * CloudWatch agent.
   *
   * @default - a new role
   */
  readonly role?: iam.IRole;

  /**
   * Security group of the management ENI.
   *
   * @default - a new group without inbound rules: sessions come through Session Manager
   */
  readonly managementSecurityGroup?: ec2.ISecurityGroup;

  /**
   * Size of the encrypted gp3 root volume.
   *
   * @default - 20 GiB: the system, and building DPDK
   */
  readonly rootVolumeSize?: cdk.Size;

  /**
   * How long the deployment waits for the host to prove that the fast path is real, 10 minutes to 12 hours.
   *
   * @default Duration.minutes(60)
   */
  readonly bootTimeout?: cdk.Duration;

  /**
   * Value of the metric dimension `Name`: up to 127 letters, digits, '.', '_' and '-'.
   *
   * @default - from the construct path: `Demo-Feed`
   */
  readonly instanceName?: string;

  /**
   * Where pinned source archives (DPDK, libxdp) are fetched from, for networks that cannot reach upstream.
   *
   * @default - upstream
   */
  readonly packageBaseUrl?: string;

  /**
   * Port of a Prometheus text endpoint on the host's loopback address, 1024 to 65535.
   *
   * @default - off
   */
  readonly prometheusPort?: number;
}

/** What is known of a host that another stack or tool defined. */
export interface LowLatencyInstanceAttributes {
  /** Value of the metric dimension `Name`. */
  readonly instanceName: string;

  /** EC2's id of the instance. */
  readonly instanceId: string;

  /**
   * Security groups of the data ENI.
   *
   * @default - unknown: connections cannot be changed
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Role of the instance.
   *
   * @default - unknown: grants fail
   */
  readonly role?: iam.IRole;
}

abstract class LowLatencyInstanceBase extends Construct implements ILowLatencyInstance {
  public abstract readonly instanceName: string;
  public abstract readonly instanceId: string;
  public abstract readonly connections: ec2.Connections;
  public abstract readonly grantPrincipal: iam.IPrincipal;

  public metric(metricName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return instanceMetric(this.instanceName, metricName, options).attachTo(this);
  }

  public metricReceiveLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ReceiveLatency', options);
  }

  public metricOneWayLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('OneWayLatency', options);
  }

  public metricPacketsReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsReceived', options);
  }

  public metricBytesReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesReceived', options);
  }

  public metricPacketsLost(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsLost', options);
  }

  public metricPacketsLostBy(cause: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsLost', { ...options, dimensionsMap: { Cause: cause, ...options?.dimensionsMap } });
  }

  public metricPacketsIgnored(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsIgnored', options);
  }

  public metricSequenceGaps(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SequenceGaps', options);
  }

  public metricPacketsUnexplained(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsUnexplained', options);
  }

  public metricPacketsSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsSent', options);
  }

  public metricPacketsUnsent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PacketsUnsent', options);
  }

  public metricAllowanceExceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('AllowanceExceeded', options);
  }

  public metricReceiverUp(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ReceiverUp', options);
  }

  public metricFastPath(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FastPath', options);
  }
}

class ImportedLowLatencyInstance extends LowLatencyInstanceBase {
  public readonly instanceName: string;
  public readonly instanceId: string;
  public readonly connections: ec2.Connections;
  public readonly grantPrincipal: iam.IPrincipal;

  public constructor(scope: Construct, id: string, attributes: LowLatencyInstanceAttributes) {
    super(scope, id);
    this.instanceName = attributes.instanceName;
    this.instanceId = attributes.instanceId;
    this.connections = new ec2.Connections({ securityGroups: attributes.securityGroups });
    this.grantPrincipal = attributes.role ?? new iam.UnknownPrincipal({ resource: this });
  }
}

/**
 * An EC2 host that receives packets past the kernel, or through a tuned kernel, and proves it before the deployment
 * succeeds.
 *
 * It is a launch template (the only thing that can place an ENI on a second network card), an instance of it, and a
 * wait condition that the host signals once every check has passed, or with the reason why one did not. Whatever
 * changes the launch template replaces the instance.
 *
 * EC2 charges for the instance while it runs; a c6in.32xlarge costs about 7.26 USD per hour in us-east-1.
 */
export class LowLatencyInstance extends LowLatencyInstanceBase {
  /** A host that another stack or tool defined. */
  public static fromLowLatencyInstanceAttributes(
    scope: Construct, id: string, attributes: LowLatencyInstanceAttributes,
  ): ILowLatencyInstance {
    return new ImportedLowLatencyInstance(scope, id, attributes);
  }

  public readonly instanceName: string;
  public readonly instanceId: string;

  /** Who may talk to the data ENI. */
  public readonly connections: ec2.Connections;

  public readonly grantPrincipal: iam.IPrincipal;

  /** Role of the instance. */
  public readonly role: iam.IRole;

  /** Private IPv4 address of the management ENI. */
  public readonly instancePrivateIp: string;

  /** Everything EC2 knows of the instance. */
  public readonly launchTemplate: ec2.LaunchTemplate;

  /** Placement group of the instance. */
  public readonly placementGroup: ec2.IPlacementGroup;

  /** Security group of the management ENI. */
  public readonly managementSecurityGroup: ec2.ISecurityGroup;

  public constructor(scope: Construct, id: string, props: LowLatencyInstanceProps) {
    super(scope, id);
    const { vpc, dataPlane } = props;
    const instanceType = props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.C6IN, ec2.InstanceSize.XLARGE32);
    const os = props.os ?? HostOs.amazonLinux2023();
    const dataInterface = (props.dataInterface ?? DataInterface.of())._bind();
    this.instanceName = props.instanceName ?? dimensionName(this.node.path);
    const { values, launch } = decide(this, planInput(props, this.instanceName, instanceType, os, dataInterface));

    const subnet = this.managementSubnet(vpc, props.vpcSubnets);
    const dataSubnet = dataInterface.subnet ?? subnet;
    this.checkZones(subnet, dataSubnet);
    this.managementSecurityGroup = props.managementSecurityGroup ?? new ec2.SecurityGroup(this, 'ManagementSecurityGroup', {
      vpc,
      description: 'Management ENI: outbound only, sessions come through Session Manager',
    });
    this.connections = new ec2.Connections({
      securityGroups: dataInterface.securityGroups ?? [new ec2.SecurityGroup(this, 'DataSecurityGroup', {
        vpc,
        description: 'Data ENI: who may send to the receiver',
      })],
    });
    this.placementGroup = props.placementGroup
      ?? new ec2.PlacementGroup(this, 'PlacementGroup', { strategy: ec2.PlacementGroupStrategy.CLUSTER });
    this.role = props.role ?? new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    this.grantPrincipal = this.role;
    const { asset, sha256 } = hostAsset(this, 'HostAsset', dataPlane.handler.directory);
    grantHost(this.role, asset.bucket.arnForObjects(asset.s3ObjectKey));

    const gate = new BootGate(this, props.bootTimeout ?? DEFAULT_BOOT_TIMEOUT);
    const userData = renderUserData(this, {
      ...values,
      KB_SIGNAL_URL: gate.url,
      KB_REGION: cdk.Stack.of(this).region,
      KB_ASSET_URL: asset.httpUrl,
      KB_ASSET_SHA256: sha256,
    });
    this.launchTemplate = hostTemplate(this, 'LaunchTemplate', {
      instanceType,
      os,
      launch,
      userData,
      machineImage: props.machineImage,
      role: this.role,
      placementGroup: this.placementGroup,
      rootVolumeSize: props.rootVolumeSize,
    });
    setNetworkInterfaces(this.launchTemplate, [
      {
        description: `${this.instanceName} management`,
        networkCard: 0,
        deviceIndex: 0,
        subnetId: subnet.subnetId,
        securityGroupIds: [this.managementSecurityGroup.securityGroupId],
      },
      {
        description: `${this.instanceName} data`,
        networkCard: launch.networkCard,
        deviceIndex: launch.deviceIndex,
        subnetId: dataSubnet.subnetId,
        // Groups may join through `connections` later.
        securityGroupIds: cdk.Lazy.list({ produce: () => this.connections.securityGroups.map(group => group.securityGroupId) }),
        enaQueueCount: launch.enaQueueCount,
        enaExpress: dataInterface.enaExpress,
        udpTimeoutSeconds: dataInterface.udpTimeout?.toSeconds(),
        udpStreamTimeoutSeconds: dataInterface.udpStreamTimeout?.toSeconds(),
      },
    ]);

    const instance = instanceFromTemplate(this, 'Resource', this.launchTemplate);
    instance.resource.node.addDependency(this.role); // its policies too: the first boot reads the asset
    gate.waitFor(instance.resource, this.launchTemplate);
    this.instanceId = instance.instanceId;
    this.instancePrivateIp = instance.privateIp;
    validateTagKeys(this.launchTemplate, instance.resource);
    validateAlarms(this);
  }

  private managementSubnet(vpc: ec2.IVpc, selection?: ec2.SubnetSelection): ec2.ISubnet {
    const { subnets } = vpc.selectSubnets(selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
    return subnets[0] ?? fail(this, "'vpcSubnets' selects no subnet");
  }

  private checkZones(management: ec2.ISubnet, data: ec2.ISubnet): void {
    const [a, b] = [management.availabilityZone, data.availabilityZone];
    if (a !== b && !cdk.Token.isUnresolved(a) && !cdk.Token.isUnresolved(b)) {
      fail(this, `the subnet of the data interface must be in the Availability Zone of the instance, ${a}, got ${b}`);
    }
  }
}

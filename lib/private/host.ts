// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { BoundInterface } from '../data-interface';
import { DataInterface } from '../data-interface';
import { HostOs } from '../host-os';
import type { LowLatencyHostProps } from '../low-latency-host-props';
import { renderUserData } from './bootstrap';
import { range } from './bounds';
import { estimateCost } from './cost-estimate';
import { decide } from './decide';
import { fail, Findings } from './fail';
import type { HostPlan } from './host-plan';
import { hostAsset } from './host-assets';
import { grantHost } from './host-grants';
import { hostTemplate } from './host-template';
import { inBlock, isReserved } from './ipv4';
import { BootGate, setNetworkInterfaces, targetReservation } from './network-escape';
import { checkImage } from './image-bake';
import { DEFAULT_BOOT_TIMEOUT, DEFAULT_INSTANCE_TYPE, planInput } from './plan-input';
import { checkPlacement, clusterPlacementGroup } from './placement';
import { checkId, checkNetwork } from './resource-id';
import { checkVolume } from './volume';
import { differentZones } from './zone';

export interface Launching {
  /** Types to take in this order when there is no capacity for the first one, `instanceType`. */
  readonly fallbackInstanceTypes?: readonly ec2.InstanceType[];
  /** Seconds after which a host whose receiver is dead says that it is unhealthy, 0 = never. */
  readonly unhealthyAfterSeconds?: number;
  /** Hosts there are while the old ones are replaced, for capacity that is reserved. */
  readonly whileUpdating: number;
  /** The ENIs say which subnet is theirs. An Auto Scaling group puts all of them into its own. */
  readonly interfacesNameSubnets: boolean;
  /** Fewest and most hosts, for what they cost. */
  readonly hosts: readonly [number, number];
  /** Hosts that have to prove themselves before the deployment succeeds. */
  readonly signals: number;
}

/**
 * All of a host but what launches it: plan, groups, role, launch template and the gate that waits for its proof. Its
 * constructs are children of the construct it serves.
 */
export class Host {
  public readonly subnet: ec2.ISubnet;
  public readonly managementSecurityGroup: ec2.ISecurityGroup;
  public readonly connections: ec2.Connections;
  public readonly placementGroup: ec2.IPlacementGroup;
  public readonly role: iam.IRole;
  /** Of `instanceType`, then of the others. */
  public readonly launchTemplates: readonly ec2.LaunchTemplate[];
  public readonly instanceType: ec2.InstanceType;
  private readonly gate: BootGate;

  public constructor(
    private readonly scope: Construct, private readonly name: string, private readonly props: LowLatencyHostProps,
    private readonly launching: Launching,
  ) {
    const { vpc } = props;
    this.instanceType = props.instanceType ?? DEFAULT_INSTANCE_TYPE;
    const os = props.image?.os ?? props.os ?? HostOs.amazonLinux2023();
    const dataInterface = (props.dataInterface ?? DataInterface.of())._bind();
    const interfaces = [dataInterface, ...(props.additionalInterfaces ?? []).map(each => each._bind())];
    const plans = this.plans(os, dataInterface);

    this.subnet = this.managementSubnet(vpc, props.vpcSubnets);
    interfaces.forEach((each, index) => this.checkInterface(each, index));
    checkNetwork(scope, vpc, [this.subnet, ...interfaces.flatMap(({ subnet }) => subnet ?? [])],
      [...props.managementSecurityGroup ? [props.managementSecurityGroup] : [], ...interfaces.flatMap(({ securityGroups }) => securityGroups ?? [])]);
    checkDifferent(scope, interfaces);
    checkVolume(scope, props.rootVolumeSize);
    this.managementSecurityGroup = props.managementSecurityGroup ?? new ec2.SecurityGroup(scope, 'ManagementSecurityGroup', {
      vpc,
      description: 'Management ENI: outbound only, sessions come through Session Manager',
    });
    this.connections = new ec2.Connections({ securityGroups: dataInterface.securityGroups ?? this.dataSecurityGroups(dataInterface) });
    this.placementGroup = props.placementGroup ?? clusterPlacementGroup(scope);
    const reserve = props.capacityReservation !== undefined;
    checkPlacement(scope, this.placementGroup, { reserve, most: launching.hosts[1], whileUpdating: launching.whileUpdating });
    this.role = props.role ?? new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const asset = hostAsset(scope, 'HostAsset', props.dataPlane.handler.directory);
    grantHost(scope, this.role, asset.arn);

    // Groups may join through `connections` later.
    const dataGroups = cdk.Lazy.list({ produce: () => this.connections.securityGroups.map(group => group.securityGroupId) });
    const additionalGroups = this.additionalGroups(interfaces, dataGroups);
    const groups = interfaces.map(({ securityGroups }, index) =>
      index === 0 ? dataGroups : securityGroups?.map(group => group.securityGroupId) ?? additionalGroups);

    this.gate = new BootGate(scope, props.bootTimeout ?? DEFAULT_BOOT_TIMEOUT, launching.signals);
    this.launchTemplates = plans.map(({ instanceType, plan: { values, launch } }, index) => {
      const userData = renderUserData(scope, {
        ...values,
        KB_SIGNAL_URL: this.gate.url,
        KB_REGION: cdk.Stack.of(scope).region,
        KB_ASSET_URL: asset.httpUrl,
        KB_ASSET_SHA256: asset.sha256,
      });
      const template = hostTemplate(scope, index === 0 ? 'LaunchTemplate' : `LaunchTemplate-${instanceType.toString().replace('.', '-')}`, {
        instanceType,
        os,
        launch,
        userData,
        machineImage: props.image ?? props.machineImage,
        role: this.role,
        placementGroup: this.placementGroup,
        rootVolumeSize: props.rootVolumeSize ?? props.image?.rootVolumeSize,
      });
      this.setInterfaces(template, interfaces, groups, launch);
      return template;
    });
    const reserved = this.useReservation();
    if (props.costEstimate ?? true) {
      estimateCost(scope, this.instanceType.toString(), ...launching.hosts.map(count => Math.max(count, reserved)) as [number, number]);
    }
  }

  /** What launches hosts from the template comes after their policies, and before the wait for their proof. */
  public proves(launcher: cdk.CfnResource): void {
    launcher.node.addDependency(this.role); // its policies too: the first boot reads the asset
    this.gate.waitFor(launcher, this.launchTemplates);
  }

  /** A plan for each type: cores, queues and memory differ. */
  private plans(os: HostOs, dataInterface: BoundInterface): { instanceType: ec2.InstanceType; plan: HostPlan }[] {
    return [this.instanceType, ...this.launching.fallbackInstanceTypes ?? []].map((instanceType, index) => {
      const input = planInput(this.props, this.name, instanceType, os, dataInterface, this.props.image?.versions);
      const plan = decide(this.scope, {
        ...input,
        facts: index === 0 ? input.facts : undefined, // what the user says a type can do is said of the first one
        unhealthyAfterSeconds: this.launching.unhealthyAfterSeconds,
      });
      this.useImage(this.props, instanceType, plan);
      return { instanceType, plan };
    });
  }

  private dataSecurityGroups({ networkInterfaceId }: BoundInterface): ec2.ISecurityGroup[] {
    return networkInterfaceId !== undefined ? [] : [new ec2.SecurityGroup(this.scope, 'DataSecurityGroup', {
      vpc: this.props.vpc,
      description: 'Data ENI: who may send to the receiver',
    })];
  }

  /** Of ENIs that say none. They have those of the data interface, unless it is an ENI that has groups nobody names. */
  private additionalGroups([data, ...additional]: readonly BoundInterface[], dataGroups: string[]): string[] {
    const groupsAreKnown = data.networkInterfaceId === undefined || data.securityGroups !== undefined;
    if (groupsAreKnown || additional.every(each => each.networkInterfaceId !== undefined || each.securityGroups !== undefined)) {
      return dataGroups;
    }
    return [new ec2.SecurityGroup(this.scope, 'AdditionalSecurityGroup', {
      vpc: this.props.vpc,
      description: 'Additional ENIs: who may send to them',
    }).securityGroupId];
  }

  private setInterfaces(
    template: ec2.LaunchTemplate, interfaces: readonly BoundInterface[], groups: readonly string[][], launch: HostPlan['launch'],
  ): void {
    const subnetId = (subnet: ec2.ISubnet) => (this.launching.interfacesNameSubnets ? subnet.subnetId : undefined);
    const places = [launch, ...launch.additional];
    setNetworkInterfaces(template, [
      {
        description: `${this.name} management`,
        networkCard: 0,
        deviceIndex: 0,
        subnetId: subnetId(this.subnet),
        securityGroupIds: [this.managementSecurityGroup.securityGroupId],
      },
      ...interfaces.map((each, index) => ({
        description: index === 0 ? `${this.name} data` : `${this.name} additional ${index}`,
        networkCard: places[index].networkCard,
        deviceIndex: places[index].deviceIndex,
        subnetId: subnetId(each.subnet ?? this.subnet),
        securityGroupIds: groups[index],
        networkInterfaceId: each.networkInterfaceId,
        privateIpAddress: each.privateIpAddress,
        enaQueueCount: places[index].enaQueueCount,
        enaExpress: each.enaExpress,
        udpTimeoutSeconds: each.udpTimeout?.toSeconds(),
        udpStreamTimeoutSeconds: each.udpStreamTimeout?.toSeconds(),
      })),
    ]);
  }

  /** Hosts of the first type start in what is reserved and nowhere else. Returns how many instances are paid for anyway. */
  private useReservation(): number {
    const { capacityReservation } = this.props;
    if (!capacityReservation) {
      return 0;
    }
    const [, most] = this.launching.hosts;
    const instanceCount = capacityReservation._instanceCount(most);
    if (instanceCount !== undefined) {
      const findings = new Findings();
      range(findings, 'instanceCount', instanceCount, most, 10000, ' of the capacity reservation, for so many hosts');
      findings.throwIfAny(this.scope);
      if (instanceCount < this.launching.whileUpdating) {
        cdk.Annotations.of(this.scope).addWarningV2('cdk-kernel-bypass:capacityReservationUpdate',
          `a change that replaces hosts needs ${this.launching.whileUpdating} instances for a while, and the capacity reservation has ${instanceCount}: `
          + "give it more, or let a fleet take FleetUpdate.rolling()");
      }
    }
    targetReservation(this.launchTemplates[0], capacityReservation._bind({
      scope: this.scope,
      instanceType: this.instanceType,
      instanceCount: instanceCount ?? 0,
      availabilityZone: this.subnet.availabilityZone,
      placementGroup: this.placementGroup,
    }));
    return instanceCount ?? 0;
  }

  private useImage({ image, os, machineImage, dataPlane, rootVolumeSize }: LowLatencyHostProps, instanceType: ec2.InstanceType, plan: HostPlan): void {
    if (!image) {
      return;
    }
    if (os || machineImage) {
      fail(this.scope, `'image' is an image with its operating system: leave '${os ? 'os' : 'machineImage'}' out`);
    }
    const sizesAreKnown = rootVolumeSize?.isUnresolved() === false && !image.rootVolumeSize.isUnresolved();
    if (sizesAreKnown && rootVolumeSize.toKibibytes() < image.rootVolumeSize.toKibibytes()) {
      fail(this.scope, `'rootVolumeSize' must be at least that of the image, ${image.rootVolumeSize.toGibibytes()} GiB, `
        + `got ${rootVolumeSize.toGibibytes()} GiB`);
    }
    checkImage(this.scope, image, instanceType, dataPlane, plan);
  }

  private managementSubnet(vpc: ec2.IVpc, selection?: ec2.SubnetSelection): ec2.ISubnet {
    const { subnets, hasPublic } = vpc.selectSubnets(selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
    if (hasPublic) {
      fail(this.scope, "'vpcSubnets' must be private subnets with egress: a host has two ENIs, and so no public address to get out of a public subnet");
    }
    return subnets[0] ?? fail(this.scope, "'vpcSubnets' selects no subnet");
  }

  private checkInterface({ subnet, networkInterfaceId, privateIpAddress }: BoundInterface, index: number): void {
    const which = index === 0 ? 'the data interface' : `additional interface ${index}`;
    checkId(this.scope, 'networkInterfaceId', 'eni', networkInterfaceId);
    if (!this.launching.interfacesNameSubnets) {
      this.checkGroupInterface(which, subnet, networkInterfaceId, privateIpAddress);
    }
    const zones = differentZones(this.subnet, subnet ?? this.subnet);
    if (zones) {
      fail(this.scope, `the subnet of ${which} must be in the Availability Zone of the instance, ${zones[0]}, got ${zones[1]}`);
    }
    if (privateIpAddress !== undefined) {
      const block = blockOf(subnet ?? this.subnet);
      if (block !== undefined && !inBlock(privateIpAddress, block)) {
        fail(this.scope, `'privateIpAddress' must be an address of its subnet, ${block}, got ${privateIpAddress}`);
      }
      if (block !== undefined && isReserved(privateIpAddress, block)) {
        fail(this.scope, `'privateIpAddress' must not be among the first four of ${block} or its last, which the subnet keeps, got ${privateIpAddress}`);
      }
    }
  }

  private checkGroupInterface(which: string, subnet?: ec2.ISubnet, networkInterfaceId?: string, privateIpAddress?: string): void {
    if (subnet && subnet.subnetId !== this.subnet.subnetId) {
      fail(this.scope, 'an Auto Scaling group puts all ENIs of an instance into one subnet: '
        + `leave 'subnet' out of ${which}, or give ${subnet.node.path} to 'vpcSubnets'`);
    }
    if (networkInterfaceId !== undefined || privateIpAddress !== undefined) {
      fail(this.scope, `an Auto Scaling group gives each host ENIs and addresses of its own, got ${networkInterfaceId ?? privateIpAddress}; `
        + 'take a LowLatencyInstance for what exists once');
    }
  }
}

/** What exists once can be attached once. */
function checkDifferent(scope: Construct, interfaces: readonly BoundInterface[]): void {
  const given = interfaces.flatMap(({ networkInterfaceId, privateIpAddress }) => [networkInterfaceId, privateIpAddress])
    .filter(each => each !== undefined);
  const twice = given.find((each, index) => given.indexOf(each) !== index);
  if (twice !== undefined) {
    fail(scope, `each interface needs an ENI and an address of its own, got ${twice} twice`);
  }
}

/** Addresses of a subnet, where they are known: an imported one may throw. */
function blockOf(subnet: ec2.ISubnet): string | undefined {
  try {
    return cdk.Token.isUnresolved(subnet.ipv4CidrBlock) ? undefined : subnet.ipv4CidrBlock;
  } catch {
    return undefined;
  }
}

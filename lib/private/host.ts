// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DataInterface } from '../data-interface';
import { HostOs } from '../host-os';
import type { LowLatencyHostProps } from '../low-latency-host-props';
import { renderUserData } from './bootstrap';
import { estimateCost } from './cost-estimate';
import { decide } from './decide';
import { fail } from './fail';
import type { HostPlan } from './host-plan';
import { hostAsset } from './host-assets';
import { grantHost, hostTemplate } from './host-template';
import { BootGate, setNetworkInterfaces } from './network-escape';
import { checkImage } from './image-bake';
import { DEFAULT_BOOT_TIMEOUT, planInput } from './plan-input';
import { validateTagKeys } from './tag-validation';

export interface Launching {
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
  public readonly launchTemplate: ec2.LaunchTemplate;
  private readonly gate: BootGate;

  public constructor(private readonly scope: Construct, name: string, props: LowLatencyHostProps, launching: Launching) {
    const { vpc, dataPlane } = props;
    const instanceType = props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.C6IN, ec2.InstanceSize.XLARGE32);
    const os = props.image?.os ?? props.os ?? HostOs.amazonLinux2023();
    const dataInterface = (props.dataInterface ?? DataInterface.of())._bind();
    const plan = decide(scope, planInput(props, name, instanceType, os, dataInterface, props.image?.versions));
    const { values, launch } = plan;
    this.useImage(props, instanceType, plan);

    this.subnet = this.managementSubnet(vpc, props.vpcSubnets);
    const dataSubnet = dataInterface.subnet ?? this.subnet;
    this.checkSubnets(dataSubnet, launching.interfacesNameSubnets);
    this.managementSecurityGroup = props.managementSecurityGroup ?? new ec2.SecurityGroup(scope, 'ManagementSecurityGroup', {
      vpc,
      description: 'Management ENI: outbound only, sessions come through Session Manager',
    });
    this.connections = new ec2.Connections({
      securityGroups: dataInterface.securityGroups ?? [new ec2.SecurityGroup(scope, 'DataSecurityGroup', {
        vpc,
        description: 'Data ENI: who may send to the receiver',
      })],
    });
    this.placementGroup = props.placementGroup
      ?? new ec2.PlacementGroup(scope, 'PlacementGroup', { strategy: ec2.PlacementGroupStrategy.CLUSTER });
    this.role = props.role ?? new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const { asset, sha256 } = hostAsset(scope, 'HostAsset', dataPlane.handler.directory);
    grantHost(this.role, asset.bucket.arnForObjects(asset.s3ObjectKey));

    this.gate = new BootGate(scope, props.bootTimeout ?? DEFAULT_BOOT_TIMEOUT, launching.signals);
    const userData = renderUserData(scope, {
      ...values,
      KB_SIGNAL_URL: this.gate.url,
      KB_REGION: cdk.Stack.of(scope).region,
      KB_ASSET_URL: asset.httpUrl,
      KB_ASSET_SHA256: sha256,
    });
    this.launchTemplate = hostTemplate(scope, 'LaunchTemplate', {
      instanceType,
      os,
      launch,
      userData,
      machineImage: props.image ?? props.machineImage,
      role: this.role,
      placementGroup: this.placementGroup,
      rootVolumeSize: props.rootVolumeSize ?? props.image?.rootVolumeSize,
    });
    if (props.costEstimate ?? true) {
      estimateCost(scope, instanceType.toString(), ...launching.hosts);
    }
    const subnetId = (subnet: ec2.ISubnet) => (launching.interfacesNameSubnets ? subnet.subnetId : undefined);
    setNetworkInterfaces(this.launchTemplate, [
      {
        description: `${name} management`,
        networkCard: 0,
        deviceIndex: 0,
        subnetId: subnetId(this.subnet),
        securityGroupIds: [this.managementSecurityGroup.securityGroupId],
      },
      {
        description: `${name} data`,
        networkCard: launch.networkCard,
        deviceIndex: launch.deviceIndex,
        subnetId: subnetId(dataSubnet),
        // Groups may join through `connections` later.
        securityGroupIds: cdk.Lazy.list({ produce: () => this.connections.securityGroups.map(group => group.securityGroupId) }),
        enaQueueCount: launch.enaQueueCount,
        enaExpress: dataInterface.enaExpress,
        udpTimeoutSeconds: dataInterface.udpTimeout?.toSeconds(),
        udpStreamTimeoutSeconds: dataInterface.udpStreamTimeout?.toSeconds(),
      },
    ]);
  }

  /** What launches hosts from the template comes after their policies, and before the wait for their proof. */
  public proves(launcher: cdk.CfnResource): void {
    launcher.node.addDependency(this.role); // its policies too: the first boot reads the asset
    this.gate.waitFor(launcher, this.launchTemplate);
    validateTagKeys(this.launchTemplate, launcher);
  }

  private useImage({ image, os, machineImage, dataPlane, rootVolumeSize }: LowLatencyHostProps, instanceType: ec2.InstanceType, plan: HostPlan): void {
    if (!image) {
      return;
    }
    if (os || machineImage) {
      fail(this.scope, `'image' is an image with its operating system: leave '${os ? 'os' : 'machineImage'}' out`);
    }
    if (rootVolumeSize && rootVolumeSize.toKibibytes() < image.rootVolumeSize.toKibibytes()) {
      fail(this.scope, `'rootVolumeSize' must be at least that of the image, ${image.rootVolumeSize.toGibibytes()} GiB, `
        + `got ${rootVolumeSize.toGibibytes()} GiB`);
    }
    checkImage(this.scope, image, instanceType, dataPlane, plan);
  }

  private managementSubnet(vpc: ec2.IVpc, selection?: ec2.SubnetSelection): ec2.ISubnet {
    const { subnets } = vpc.selectSubnets(selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
    return subnets[0] ?? fail(this.scope, "'vpcSubnets' selects no subnet");
  }

  private checkSubnets(data: ec2.ISubnet, mayDiffer: boolean): void {
    if (!mayDiffer && data.subnetId !== this.subnet.subnetId) {
      fail(this.scope, 'an Auto Scaling group puts all ENIs of an instance into one subnet: '
        + `leave 'subnet' out of the data interface, or give ${data.node.path} to 'vpcSubnets'`);
    }
    const [a, b] = [this.subnet.availabilityZone, data.availabilityZone];
    if (a !== b && !cdk.Token.isUnresolved(a) && !cdk.Token.isUnresolved(b)) {
      fail(this.scope, `the subnet of the data interface must be in the Availability Zone of the instance, ${a}, got ${b}`);
    }
  }
}

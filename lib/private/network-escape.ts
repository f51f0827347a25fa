// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/*
 * The only file that touches ec2.Cfn*. No L2 can say what is needed here: network interfaces on several network cards
 * exist in launch templates only, ec2.Instance takes no launch template, and only a wait condition can carry the reason
 * of a failure into the stack's events.
 */

export interface NetworkInterfaceSpec {
  readonly description: string;
  readonly networkCard: number;
  readonly deviceIndex: number;
  /** Left out where an Auto Scaling group says it. */
  readonly subnetId?: string;
  readonly securityGroupIds: string[];
  /** An ENI that exists brings subnet, groups, address and timeouts with it. */
  readonly networkInterfaceId?: string;
  readonly privateIpAddress?: string;
  readonly enaQueueCount?: number;
  readonly enaExpress?: boolean;
  readonly udpTimeoutSeconds?: number;
  readonly udpStreamTimeoutSeconds?: number;
}

export function setNetworkInterfaces(template: ec2.LaunchTemplate, interfaces: readonly NetworkInterfaceSpec[]): void {
  const resource = template.node.defaultChild as ec2.CfnLaunchTemplate;
  // Security groups belong to the interfaces now; EC2 refuses them in both places.
  resource.addPropertyDeletionOverride('LaunchTemplateData.SecurityGroupIds');
  resource.addPropertyOverride('LaunchTemplateData.NetworkInterfaces', interfaces.map(render));
}

function render(spec: NetworkInterfaceSpec): object {
  const { udpTimeoutSeconds, udpStreamTimeoutSeconds, networkInterfaceId } = spec;
  return {
    ...networkInterfaceId === undefined
      ? {
          Description: spec.description,
          SubnetId: spec.subnetId,
          Groups: spec.securityGroupIds,
          DeleteOnTermination: true,
          PrivateIpAddress: spec.privateIpAddress,
        }
      : { NetworkInterfaceId: networkInterfaceId },
    NetworkCardIndex: spec.networkCard,
    DeviceIndex: spec.deviceIndex,
    EnaQueueCount: spec.enaQueueCount,
    EnaSrdSpecification: spec.enaExpress
      ? { EnaSrdEnabled: true, EnaSrdUdpSpecification: { EnaSrdUdpEnabled: true } }
      : undefined,
    ConnectionTrackingSpecification: udpTimeoutSeconds !== undefined || udpStreamTimeoutSeconds !== undefined
      ? { UdpTimeout: udpTimeoutSeconds, UdpStreamTimeout: udpStreamTimeoutSeconds }
      : undefined,
  };
}

/** As CloudFormation spells it. */
export interface ReservationTarget {
  readonly CapacityReservationId?: string;
  readonly CapacityReservationResourceGroupArn?: string;
}

export interface ReservingHosts {
  readonly scope: Construct;
  readonly instanceType: ec2.InstanceType;
  readonly instanceCount: number;
  readonly availabilityZone: string;
  readonly placementGroup: ec2.IPlacementGroup;
}

/** Instances of one type beside each other, for those who name the reservation; returns its id. */
export function reserveCapacity(hosts: ReservingHosts): string {
  const { scope, placementGroup } = hosts;
  return new ec2.CfnCapacityReservation(scope, 'CapacityReservation', {
    instanceType: hosts.instanceType.toString(),
    instancePlatform: 'Linux/UNIX',
    instanceCount: hosts.instanceCount,
    availabilityZone: hosts.availabilityZone,
    instanceMatchCriteria: 'targeted',
    endDateType: 'unlimited',
    placementGroupArn: cdk.Stack.of(scope).formatArn({
      service: 'ec2', resource: 'placement-group', resourceName: placementGroup.placementGroupName,
    }),
  }).ref;
}

export function targetReservation(template: ec2.LaunchTemplate, target: ReservationTarget): void {
  (template.node.defaultChild as ec2.CfnLaunchTemplate)
    .addPropertyOverride('LaunchTemplateData.CapacityReservationSpecification.CapacityReservationTarget', target);
}

/** An instance that has everything from its launch template; a new version of the template replaces it. */
export function instanceFromTemplate(scope: Construct, id: string, template: ec2.LaunchTemplate): {
  readonly instanceId: string;
  readonly privateIp: string;
  readonly resource: cdk.CfnResource;
} {
  const resource = new ec2.CfnInstance(scope, id, {
    launchTemplate: { launchTemplateId: template.launchTemplateId, version: template.latestVersionNumber },
    propagateTagsToVolumeOnCreation: true, // the template has none of them but the name
  });
  return { instanceId: resource.ref, privateIp: resource.attrPrivateIp, resource };
}

/**
 * Waits for the signals of booted hosts. Handle and condition serve once, so both are renamed whenever other instances
 * will boot: when anything about their launch template changes. A condition's count cannot change either.
 */
export class BootGate {
  /** Where the host sends its signal. */
  public readonly url: string;
  private readonly handle: cdk.CfnWaitConditionHandle;
  private templates: readonly cdk.CfnResource[] = [];
  private resolving = false;

  public constructor(private readonly scope: Construct, private readonly timeout: cdk.Duration, private readonly signals: number) {
    this.handle = new cdk.CfnWaitConditionHandle(scope, 'ReadyHandle');
    this.rename(this.handle);
    this.url = this.handle.ref;
  }

  public waitFor(launcher: cdk.CfnResource, templates: readonly ec2.LaunchTemplate[]): cdk.CfnWaitCondition {
    this.templates = templates.map(template => template.node.defaultChild as ec2.CfnLaunchTemplate);
    const condition = new cdk.CfnWaitCondition(this.scope, 'Ready', {
      handle: this.handle.ref,
      timeout: `${this.timeout.toSeconds()}`,
      count: this.signals,
    });
    this.rename(condition);
    condition.node.addDependency(launcher);
    return condition;
  }

  private rename(resource: cdk.CfnResource): void {
    const id = cdk.Stack.of(resource).getLogicalId(resource);
    // The user data names the handle: without its suffix, while the suffix is being computed.
    resource.overrideLogicalId(cdk.Lazy.uncachedString({ produce: () => (this.resolving ? id : `${id}${this.fingerprint()}`) }));
  }

  /** Eight hex digits of the launch templates as they will be rendered, the user's overrides included. */
  private fingerprint(): string {
    const [first, ...rest] = this.templates.map(template => (template as unknown as { _toCloudFormation(): object })._toCloudFormation());
    this.resolving = true;
    try {
      const facts = [first, this.timeout.toSeconds(), ...this.signals === 1 ? [] : [this.signals], ...rest];
      const rendered: unknown = cdk.Stack.of(this.scope).resolve(facts);
      return createHash('sha256').update(JSON.stringify(rendered)).digest('hex').slice(0, 8);
    } finally {
      this.resolving = false;
    }
  }
}

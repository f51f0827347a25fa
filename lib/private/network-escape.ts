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
  const { udpTimeoutSeconds, udpStreamTimeoutSeconds } = spec;
  return {
    Description: spec.description,
    NetworkCardIndex: spec.networkCard,
    DeviceIndex: spec.deviceIndex,
    SubnetId: spec.subnetId,
    Groups: spec.securityGroupIds,
    DeleteOnTermination: true,
    EnaQueueCount: spec.enaQueueCount,
    EnaSrdSpecification: spec.enaExpress
      ? { EnaSrdEnabled: true, EnaSrdUdpSpecification: { EnaSrdUdpEnabled: true } }
      : undefined,
    ConnectionTrackingSpecification: udpTimeoutSeconds !== undefined || udpStreamTimeoutSeconds !== undefined
      ? { UdpTimeout: udpTimeoutSeconds, UdpStreamTimeout: udpStreamTimeoutSeconds }
      : undefined,
  };
}

/** An instance that has everything from its launch template; a new version of the template replaces it. */
export function instanceFromTemplate(scope: Construct, id: string, template: ec2.LaunchTemplate): {
  readonly instanceId: string;
  readonly privateIp: string;
  readonly resource: cdk.CfnResource;
} {
  const resource = new ec2.CfnInstance(scope, id, {
    launchTemplate: { launchTemplateId: template.launchTemplateId, version: template.latestVersionNumber },
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
  private template?: cdk.CfnResource;
  private resolving = false;

  public constructor(private readonly scope: Construct, private readonly timeout: cdk.Duration, private readonly signals: number) {
    this.handle = new cdk.CfnWaitConditionHandle(scope, 'ReadyHandle');
    this.rename(this.handle);
    this.url = this.handle.ref;
  }

  public waitFor(launcher: cdk.CfnResource, template: ec2.LaunchTemplate): cdk.CfnWaitCondition {
    this.template = template.node.defaultChild as ec2.CfnLaunchTemplate;
    const condition = new cdk.CfnWaitCondition(this.scope, 'Ready', {
      handle: this.handle.ref,
      timeout: `${this.timeout.toSeconds()}`,
      count: this.signals,
    });
    this.rename(condition);
    condition.addResourceDependency(launcher);
    return condition;
  }

  private rename(resource: cdk.CfnResource): void {
    const id = cdk.Stack.of(resource).getLogicalId(resource);
    // The user data names the handle: without its suffix, while the suffix is being computed.
    resource.overrideLogicalId(cdk.Lazy.uncachedString({ produce: () => (this.resolving ? id : `${id}${this.fingerprint()}`) }));
  }

  /** Eight hex digits of the launch template as it will be rendered, the user's overrides and tags included. */
  private fingerprint(): string {
    const template = this.template as unknown as { _toCloudFormation(): object };
    this.resolving = true;
    try {
      const facts = [template._toCloudFormation(), this.timeout.toSeconds(), ...this.signals === 1 ? [] : [this.signals]];
      const rendered: unknown = cdk.Stack.of(this.scope).resolve(facts);
      return createHash('sha256').update(JSON.stringify(rendered)).digest('hex').slice(0, 8);
    } finally {
      this.resolving = false;
    }
  }
}

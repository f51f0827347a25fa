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
  readonly subnetId: string;
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

/** Waits for one signal. Handle and condition serve once, so both are named after `fingerprint`. */
export class BootGate {
  /** Where the host sends its signal. */
  public readonly url: string;
  private readonly handle: cdk.CfnWaitConditionHandle;

  public constructor(private readonly scope: Construct, private readonly fingerprint: () => string) {
    this.handle = new cdk.CfnWaitConditionHandle(scope, 'ReadyHandle');
    this.rename(this.handle);
    this.url = this.handle.ref;
  }

  public waitFor(instance: cdk.CfnResource, timeout: cdk.Duration): cdk.CfnWaitCondition {
    const condition = new cdk.CfnWaitCondition(this.scope, 'Ready', {
      handle: this.handle.ref,
      timeout: `${timeout.toSeconds()}`,
      count: 1,
    });
    this.rename(condition);
    condition.addResourceDependency(instance);
    return condition;
  }

  private rename(resource: cdk.CfnResource): void {
    const id = cdk.Stack.of(resource).getLogicalId(resource);
    resource.overrideLogicalId(cdk.Lazy.uncachedString({ produce: () => `${id}${this.fingerprint()}` }));
  }
}

/**
 * Eight hex digits that change whenever a new instance will boot: with the launch template, but for its user data,
 * which holds the gate's own URL; `userData` stands for the rest of that.
 */
export function bootFingerprint(
  template: ec2.LaunchTemplate, interfaces: readonly NetworkInterfaceSpec[], userData: string,
): string {
  const resource = template.node.defaultChild as ec2.CfnLaunchTemplate;
  const data = { ...(resource.launchTemplateData as ec2.CfnLaunchTemplate.LaunchTemplateDataProperty), userData };
  const resolved: unknown = cdk.Stack.of(template).resolve([data, interfaces]);
  return createHash('sha256').update(JSON.stringify(resolved)).digest('hex').slice(0, 8);
}

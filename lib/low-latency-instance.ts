// SPDX-License-Identifier: Apache-2.0
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { LowLatencyHostProps } from './low-latency-host-props';
import type { IPacketReceiver } from './packet-receiver';
import { validateAlarms } from './private/alarm-validation';
import { receiverName } from './private/dimension-name';
import { Host } from './private/host';
import { instanceFromTemplate } from './private/network-escape';
import { PacketReceiverBase } from './private/packet-receiver-base';

/** A host that receives packets, in this stack or another. */
export interface ILowLatencyInstance extends IPacketReceiver {
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
}

/** Options of `LowLatencyInstance`. */
export interface LowLatencyInstanceProps extends LowLatencyHostProps {
  /**
   * Value of the metric dimension `Name`: up to 127 letters, digits, '.', '_' and '-'.
   *
   * @default - from the construct path: `Demo-Feed`
   */
  readonly instanceName?: string;
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

class ImportedLowLatencyInstance extends PacketReceiverBase implements ILowLatencyInstance {
  public readonly instanceName: string;
  public readonly instanceId: string;
  public readonly connections: ec2.Connections;
  public readonly grantPrincipal: iam.IPrincipal;
  /** @internal */
  protected readonly _dimension: string;

  public constructor(scope: Construct, id: string, attributes: LowLatencyInstanceAttributes) {
    super(scope, id);
    this.instanceName = this._dimension = attributes.instanceName;
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
 * changes the launch template replaces the instance. Tags do not: they go to the instance and its volume, and but for
 * `Name` not through the template.
 *
 * EC2 charges for the instance while it runs; a c6in.32xlarge costs about 7.26 USD per hour in us-east-1.
 */
export class LowLatencyInstance extends PacketReceiverBase implements ILowLatencyInstance {
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

  /** @internal */
  protected readonly _dimension: string;

  public constructor(scope: Construct, id: string, props: LowLatencyInstanceProps) {
    super(scope, id);
    this.instanceName = this._dimension = receiverName(this, 'instanceName', props.instanceName);
    const host = new Host(this, this.instanceName, props, {
      interfacesNameSubnets: true, signals: 1, hosts: [1, 1], whileUpdating: 2, // the new one comes first
    });
    this.managementSecurityGroup = host.managementSecurityGroup;
    this.connections = host.connections;
    this.placementGroup = host.placementGroup;
    this.role = this.grantPrincipal = host.role;
    [this.launchTemplate] = host.launchTemplates;

    const instance = instanceFromTemplate(this, 'Resource', this.launchTemplate);
    host.proves(instance.resource);
    this.instanceId = instance.instanceId;
    this.instancePrivateIp = instance.privateIp;
    validateAlarms(this);
  }
}

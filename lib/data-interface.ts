// SPDX-License-Identifier: Apache-2.0
import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';

/** Options of every data interface. */
export interface AttachedInterfaceOptions {
  /**
   * Network card that carries the ENI.
   *
   * @default - 1 where the instance type has two cards, so that it shares none with management traffic; else 0
   */
  readonly networkCard?: number;

  /**
   * Device index of the ENI, unique on the instance. 0 is the management ENI's.
   *
   * @default - 1 for the interface of the receiver, the next free one for others
   */
  readonly deviceIndex?: number;

  /**
   * ENA queues to give the ENI (EnaQueueCount), a power of two. The receiver uses as many as the data plane's `queues`
   * says.
   *
   * @default - the instance type's default, more if the data plane needs more
   */
  readonly queueCount?: number;

  /**
   * ENA Express (SRD) for TCP and UDP. It raises the limit of a single flow to 25 Gbit/s but adds tens of
   * microseconds under light load.
   *
   * @default false
   */
  readonly enaExpress?: boolean;

  /**
   * MTU of the ENI. A single-buffer XDP program needs 3498 or less, ENA Express 8900 or less.
   *
   * @default - 3498 for XDP and AF_XDP, 8900 with ENA Express, else 9001
   */
  readonly mtu?: number;
}

/** Options of `DataInterface.of`. */
export interface DataInterfaceOptions extends AttachedInterfaceOptions {
  /**
   * Subnet of the ENI, in the Availability Zone of the instance.
   *
   * @default - the subnet of the management ENI
   */
  readonly subnet?: ec2.ISubnet;

  /**
   * Security groups of the ENI. An empty list is as if it were left out: EC2 would take the VPC's default group.
   *
   * @default - one new group without inbound rules; an additional ENI has the groups of the data interface, where they
   * are known
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Private IPv4 address of the ENI, in its subnet, for senders that cannot be told another one.
   *
   * The price: the address is in use while the old host lives, and CloudFormation starts a new one first, so whatever
   * replaces the host fails. Not for fleets.
   *
   * @default - EC2 chooses a free one
   */
  readonly privateIpAddress?: string;

  /**
   * How long the security group tracks a UDP flow that has seen traffic in one direction only, 30 to 60 seconds.
   *
   * @default - EC2's 30 seconds
   */
  readonly udpTimeout?: Duration;

  /**
   * How long the security group tracks a UDP flow that has seen requests and answers, 60 to 180 seconds.
   *
   * @default - EC2's 180 seconds
   */
  readonly udpStreamTimeout?: Duration;
}

/** Options of `DataInterface.fromNetworkInterface`. */
export interface ExistingInterfaceOptions extends AttachedInterfaceOptions {
  /**
   * Security groups that the ENI has, for rules through `connections`. They are not changed.
   *
   * @default - unknown: `connections` change nothing, and additional ENIs have a new group without inbound rules
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** @internal */
export interface BoundInterface extends DataInterfaceOptions {
  readonly networkInterfaceId?: string;
}

/** The ENI that carries packets; the primary ENI keeps SSM, IMDS and CloudWatch. */
export class DataInterface {
  /** A new ENI that comes and goes with the host. */
  public static of(options: DataInterfaceOptions = {}): DataInterface {
    return new DataInterface(options);
  }

  /**
   * An ENI that is there already, with its address, its timeouts and its place in multicast groups. It outlives the host.
   *
   * The price: it cannot be attached to two hosts, and CloudFormation starts a new one before it ends the old, so
   * whatever replaces the host fails. Not for fleets.
   *
   * @param networkInterfaceId its id, in the Availability Zone of the instance
   */
  public static fromNetworkInterface(networkInterfaceId: string, options: ExistingInterfaceOptions = {}): DataInterface {
    return new DataInterface({ ...options, networkInterfaceId });
  }

  private constructor(private readonly options: BoundInterface) {}

  /** @internal */
  public _bind(): BoundInterface {
    const { securityGroups = [] } = this.options;
    return { ...this.options, securityGroups: securityGroups.length === 0 ? undefined : securityGroups };
  }
}

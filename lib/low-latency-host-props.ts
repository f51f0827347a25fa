// SPDX-License-Identifier: Apache-2.0
import type { Duration, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { CapacityReservation } from './capacity-reservation';
import type { DataInterface } from './data-interface';
import type { DataPlane } from './data-plane';
import type { IHostImage } from './host-image';
import type { HostOs } from './host-os';
import type { HostShape } from './host-shape';

/** Options of every construct that brings up hosts. */
export interface LowLatencyHostProps extends HostShape {
  /** VPC of the instance. */
  readonly vpc: ec2.IVpc;

  /** How packets get from the NIC to the handler. */
  readonly dataPlane: DataPlane;

  /**
   * Subnets to choose from; the instance is put into the first one.
   *
   * The host needs a way out to S3, SSM, CloudWatch and its package mirror. It cannot have a public IP address: EC2
   * gives none to an instance with two network interfaces. So public subnets are refused.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * ENIs beside the data interface, on either network card, for uses of your own: the system configures them, and the
   * receiver does not touch them. Those without security groups have the group of the data interface.
   *
   * @default - none
   */
  readonly additionalInterfaces?: DataInterface[];

  /**
   * Operating system.
   *
   * @default HostOs.amazonLinux2023()
   */
  readonly os?: HostOs;

  /**
   * Image with everything built in, in place of `os` and `machineImage`: hosts boot without building anything.
   *
   * @default - each host installs and builds what it needs at its first boot
   */
  readonly image?: IHostImage;

  /**
   * Image to boot, of the operating system that `os` names. Do not take one that CloudFormation reads from SSM, such as
   * `MachineImage.latestAmazonLinux2023()`: when it moves, a deployment that changes nothing else replaces the host
   * without waiting for the new one's proof.
   *
   * @default - the newest image of `os`, read from SSM when EC2 launches a host
   */
  readonly machineImage?: ec2.IMachineImage;

  /**
   * Placement group of the instance. Give the same one to instances that talk to each other. CloudFormation replaces a
   * group of yours, and so the hosts in it, when its tags change: keep such
   * tags away from it.
   *
   * @default - a new cluster placement group
   */
  readonly placementGroup?: ec2.IPlacementGroup;

  /**
   * Capacity that is set aside for instances of `instanceType`: they start in it and nowhere else.
   *
   * @default - what EC2 has at that moment
   */
  readonly capacityReservation?: CapacityReservation;

  /**
   * Role of the instance, assumed by EC2. It is given what the host needs: reading its asset, sessions of Session
   * Manager, and metrics into the namespace `KernelBypass`. One that may not be changed is left as it is, with a warning
   * that names the actions.
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
  readonly rootVolumeSize?: Size;

  /**
   * How long the deployment waits for the host to prove that the fast path is real, 10 minutes to 12 hours.
   *
   * @default Duration.minutes(60)
   */
  readonly bootTimeout?: Duration;

  /**
   * Where pinned source archives (DPDK, libxdp) are fetched from, for networks that cannot reach upstream.
   *
   * @default - upstream
   */
  readonly packageBaseUrl?: string;

  /**
   * Say at synth what the instances will cost per month on demand.
   *
   * @default true
   */
  readonly costEstimate?: boolean;

  /**
   * Port of a Prometheus text endpoint on the host's loopback address, 1024 to 65535.
   *
   * @default - off
   */
  readonly prometheusPort?: number;
}

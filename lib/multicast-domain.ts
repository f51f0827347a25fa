// SPDX-License-Identifier: Apache-2.0
import { Annotations, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { range } from './private/bounds';
import { fail, Findings } from './private/fail';
import { isIpv4 } from './private/ipv4';
import { multicastDomain, multicastMember } from './private/multicast-escape';
import { checkId, checkNetwork } from './private/resource-id';

/** How network interfaces become members of a multicast group. */
export enum MulticastMembership {
  /** They ask for it by IGMPv2; every interface of the domain's subnets may send. */
  IGMP = 'igmp',
  /** They are registered with the domain; every interface of the domain's subnets may send. */
  STATIC = 'static',
}

/** Options of `MulticastDomain`. */
export interface MulticastDomainProps {
  /** VPC of the members. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets of senders and members.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Transit gateway with multicast support, which one has from its creation or never.
   *
   * @default - a new transit gateway, with the VPC attached
   */
  readonly transitGatewayId?: string;

  /**
   * Attachment of the VPC to `transitGatewayId`, in the Availability Zones of the subnets. A VPC has one only.
   *
   * @default - a new attachment
   */
  readonly transitGatewayAttachmentId?: string;

  /**
   * How members join.
   *
   * @default MulticastMembership.IGMP
   */
  readonly membership?: MulticastMembership;

  /**
   * Packets per second of the busiest flow, to be held against the quota.
   *
   * @default - not checked
   */
  readonly packetsPerSecond?: number;

  /**
   * Gigabits per second of the busiest flow, to be held against the quota.
   *
   * @default - not checked
   */
  readonly gigabitsPerSecond?: number;

  /**
   * Receivers of the busiest flow. From ten on the quota of packets is a fifth.
   *
   * @default 1
   */
  readonly receivers?: number;
}

// Quotas of transit gateways as published in 2026; none of them can be raised.
const GBPS_PER_FLOW = 1;
const MEMBERS_PER_GROUP = 100;
const MANY_RECEIVERS = 10;
const PACKETS_PER_FLOW = { few: 75_000, many: 15_000 };

/**
 * Multicast within a VPC, which only a transit gateway can deliver.
 *
 * AWS warns that it may not suit high-frequency trading or other applications that depend on performance. It carries at
 * most 1 Gbit/s and 75,000 packets per second per flow, 15,000 with ten receivers or more, over an extra hop, and AWS
 * charges for the attachment by the hour and for the data by the gigabyte. Above that, or where the latency counts,
 * take unicast instead: one `LowLatencyInstance` with `PacketHandler.fanout()` sends a copy to each subscriber.
 *
 * Hosts join with IGMPv2. The receiver on DPDK does so by itself; on the other planes the kernel does, and a host with
 * multicast flows has it told to (`net.ipv4.conf.all.force_igmp_version`).
 */
export class MulticastDomain extends Construct {
  /** Id of the domain. */
  public readonly domainId: string;

  /** Id of the transit gateway. */
  public readonly transitGatewayId: string;

  private readonly membership: MulticastMembership;
  private readonly members = new Map<string, number>();

  public constructor(scope: Construct, id: string, props: MulticastDomainProps) {
    super(scope, id);
    const subnets = props.vpc.selectSubnets(props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
    if (subnets.subnets.length === 0) {
      fail(this, "'vpcSubnets' selects no subnet");
    }
    if (props.transitGatewayAttachmentId !== undefined && props.transitGatewayId === undefined) {
      fail(this, "'transitGatewayAttachmentId' needs the 'transitGatewayId' it belongs to");
    }
    checkId(this, 'transitGatewayId', 'tgw', props.transitGatewayId);
    checkId(this, 'transitGatewayAttachmentId', 'tgw-attach', props.transitGatewayAttachmentId);
    checkNetwork(this, props.vpc, subnets.subnets, []);
    this.checkQuotas(props);
    this.membership = props.membership ?? MulticastMembership.IGMP;
    const created = multicastDomain(this, {
      vpcId: props.vpc.vpcId,
      subnets: subnets.subnets,
      igmp: this.membership === MulticastMembership.IGMP,
      transitGatewayId: props.transitGatewayId,
      attachmentId: props.transitGatewayAttachmentId,
    });
    this.domainId = created.domainId;
    this.transitGatewayId = created.transitGatewayId;
  }

  /**
   * Lets hosts in: the gateway's IGMP queries, which come from 0.0.0.0, and datagrams of the senders.
   *
   * @param members an instance, a fleet, or another thing with a security group
   * @param senders who sends to the groups
   * @param port the groups' UDP port
   */
  public allowMembers(members: ec2.IConnectable, senders: ec2.IPeer, port: number): void {
    const findings = new Findings();
    if (!Token.isUnresolved(port)) {
      range(findings, 'port', port, 1, 65535);
      findings.throwIfAny(this);
    }
    if (this.membership === MulticastMembership.IGMP) {
      const igmp = new ec2.Port({ protocol: ec2.Protocol.IGMP, stringRepresentation: 'IGMP' });
      members.connections.allowFrom(ec2.Peer.ipv4('0.0.0.0/32'), igmp, 'IGMP queries of the transit gateway');
    }
    members.connections.allowFrom(senders, ec2.Port.udp(port), 'multicast');
  }

  /**
   * Registers a network interface with a group. EC2 makes the interfaces of a `LowLatencyInstance` when it launches, so
   * their ids are not known to a template: such hosts join by IGMP.
   *
   * @param id id of the construct
   * @param groupAddress the group, 224.0.0.0 to 239.255.255.255
   * @param networkInterfaceId an interface in one of the domain's subnets
   */
  public addStaticMember(id: string, groupAddress: string, networkInterfaceId: string): void {
    if (!Token.isUnresolved(groupAddress)) {
      const first = Number(groupAddress.split('.')[0]);
      if (!isIpv4(groupAddress) || first < 224 || first > 239) {
        fail(this, `'groupAddress' must be between 224.0.0.0 and 239.255.255.255, got '${groupAddress}'`);
      }
    }
    checkId(this, 'networkInterfaceId', 'eni', networkInterfaceId);
    const count = (this.members.get(groupAddress) ?? 0) + 1;
    if (count > MEMBERS_PER_GROUP) {
      fail(this, `a group may have at most ${MEMBERS_PER_GROUP} members, got ${count} for ${groupAddress}`);
    }
    this.members.set(groupAddress, count);
    multicastMember(this, id, this.domainId, groupAddress, networkInterfaceId);
  }

  private checkQuotas({ packetsPerSecond, gigabitsPerSecond, receivers = 1 }: MulticastDomainProps): void {
    const findings = new Findings();
    for (const [name, value] of Object.entries({ packetsPerSecond, gigabitsPerSecond, receivers })) {
      findings.check(value === undefined || (!Token.isUnresolved(value) && value > 0),
        `'${name}' must be known at synth and more than 0, got ${Token.isUnresolved(value) ? 'a token' : value}`);
    }
    findings.throwIfAny(this);
    const many = receivers >= MANY_RECEIVERS;
    const most = many ? PACKETS_PER_FLOW.many : PACKETS_PER_FLOW.few;
    const instead = 'send unicast instead, with PacketHandler.fanout()';
    if (packetsPerSecond !== undefined && packetsPerSecond > most) {
      Annotations.of(this).addWarningV2('cdk-kernel-bypass:multicastPackets', 'a transit gateway delivers at most '
        + `${most} packets/s of a multicast flow with ${receivers} receiver${receivers === 1 ? '' : 's'}, got ${packetsPerSecond}; ${instead}`);
    }
    if (gigabitsPerSecond !== undefined && gigabitsPerSecond > GBPS_PER_FLOW) {
      Annotations.of(this).addWarningV2('cdk-kernel-bypass:multicastThroughput', 'a transit gateway delivers at most '
        + `${GBPS_PER_FLOW} Gbit/s of a multicast flow, got ${gigabitsPerSecond}; ${instead}`);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/* The only file that touches the L1s of transit gateways: there is no stable L2 for any of them. */

export interface MulticastDomainSpec {
  readonly vpcId: string;
  readonly subnets: readonly ec2.ISubnet[];
  readonly igmp: boolean;
  readonly transitGatewayId?: string;
  readonly attachmentId?: string;
}

export function multicastDomain(scope: Construct, spec: MulticastDomainSpec): { domainId: string; transitGatewayId: string } {
  const transitGatewayId = spec.transitGatewayId ?? new ec2.CfnTransitGateway(scope, 'TransitGateway', {
    multicastSupport: 'enable',
    description: `Multicast of ${scope.node.path}`,
  }).ref;
  const attachmentId = spec.attachmentId ?? new ec2.CfnTransitGatewayVpcAttachment(scope, 'Attachment', {
    transitGatewayId,
    vpcId: spec.vpcId,
    subnetIds: onePerZone(spec.subnets).map(subnet => subnet.subnetId),
  }).ref;
  const domain = new ec2.CfnTransitGatewayMulticastDomain(scope, 'Resource', {
    transitGatewayId,
    // Static sources and IGMP exclude each other; without either, every interface of the subnets may send.
    options: { Igmpv2Support: spec.igmp ? 'enable' : 'disable', StaticSourcesSupport: 'disable' },
  });
  spec.subnets.forEach((subnet, index) => new ec2.CfnTransitGatewayMulticastDomainAssociation(scope, `Association${index + 1}`, {
    transitGatewayMulticastDomainId: domain.ref,
    transitGatewayAttachmentId: attachmentId,
    subnetId: subnet.subnetId,
  }));
  return { domainId: domain.ref, transitGatewayId };
}

export function multicastMember(
  scope: Construct, id: string, domainId: string, groupAddress: string, networkInterfaceId: string,
): void {
  const member = new ec2.CfnTransitGatewayMulticastGroupMember(scope, id, {
    transitGatewayMulticastDomainId: domainId, groupIpAddress: groupAddress, networkInterfaceId,
  });
  // An interface can join only when its subnet is associated.
  scope.node.children
    .filter(child => child instanceof ec2.CfnTransitGatewayMulticastDomainAssociation)
    .forEach(association => member.node.addDependency(association));
}

/** An attachment takes one subnet of each Availability Zone. In a stack for any region, tokens of one zone are equal. */
function onePerZone(subnets: readonly ec2.ISubnet[]): ec2.ISubnet[] {
  const zones = new Set<string>();
  return subnets.filter(({ availabilityZone }) => {
    const taken = zones.has(availabilityZone);
    zones.add(availabilityZone);
    return !taken;
  });
}

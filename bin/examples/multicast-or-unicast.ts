// SPDX-License-Identifier: Apache-2.0
/*
 * One feed to several receivers, by multicast or by unicast:
 *
 *   npx cdk synth -a 'node bin/examples/multicast-or-unicast.js' -c delivery=unicast --all
 *   npx cdk synth -a 'node bin/examples/multicast-or-unicast.js' -c delivery=multicast --all
 *
 * Multicast needs no list of receivers: hosts of the fleet join the group, and the transit gateway copies. It takes at
 * most 75,000 packets/s and 1 Gbit/s of a flow, an extra hop, and a charge per gigabyte; AWS advises against it for
 * trading. Unicast has none of these limits but the replicator's own bandwidth, which all copies share, and it must be
 * told who receives.
 */
import { App, Stack } from 'aws-cdk-lib';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataPlane, LowLatencyFleet, LowLatencyInstance, MulticastDomain, PacketHandler, UdpFlow } from '../../lib';

const CIDR = '10.0.0.0/16';
const PORT = 9000;

export const app = new App();
const stack = new Stack(app, 'Delivery');
const vpc = new Vpc(stack, 'Vpc', { maxAzs: 1 });
const senders = Peer.ipv4(CIDR);

function multicast(): void {
  const receivers = new LowLatencyFleet(stack, 'Receivers', {
    vpc,
    dataPlane: DataPlane.afXdp({ flows: [UdpFlow.address('239.1.1.1', PORT)] }),
    minCapacity: 3,
  });
  // Both numbers are held against the gateway's quotas when this is synthesised.
  const domain = new MulticastDomain(stack, 'Multicast', { vpc, packetsPerSecond: 50_000, receivers: 3 });
  domain.allowMembers(receivers, senders, PORT);
}

function unicast(): void {
  const replicator = new LowLatencyInstance(stack, 'Replicator', {
    vpc,
    dataPlane: DataPlane.dpdk({
      flows: [UdpFlow.port(PORT)],
      handler: PacketHandler.fanout({
        subscribers: ['10.0.0.21', '10.0.0.22', '10.0.0.23'].map((address) => ({ address, port: PORT })),
      }),
    }),
  });
  replicator.connections.allowFrom(senders, Port.udp(PORT));
}

const deliveries: Record<string, () => void> = { multicast, unicast };
const delivery = String(app.node.tryGetContext('delivery') ?? 'unicast');
if (!(delivery in deliveries)) {
  throw new Error(`'delivery' must be one of ${Object.keys(deliveries).join(' or ')}, got '${delivery}'`);
}
deliveries[delivery]();

import { App, Stack, aws_ec2 as ec2 } from 'aws-cdk-lib';
import { DataPlane, LowLatencyInstance, PacketHandler, UdpFlow } from 'cdk-kernel-bypass';

export const stack = new Stack(new App(), 'Trading');
const feed = new LowLatencyInstance(stack, 'Feed', {
  vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 1 }),
  dataPlane: DataPlane.afXdp({ handler: PacketHandler.fromAsset('handlers/itch'), flows: [UdpFlow.port(9000)] }),
});
feed.connections.allowFrom(ec2.Peer.ipv4('10.1.0.0/16'), ec2.Port.udp(9000));

// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CoreLayout, DataPlane, HostOs, HostTuning, LowLatencyInstance, NicDriver, PacketHandler } from '../../lib';

// The demo's stack in a size that can be emulated: two CPUs, one per NUMA node, a few huge pages.
const app = new App();
const context = (key: string) => app.node.tryGetContext(key) as string | undefined;
const number = (key: string) => (context(key) === undefined ? undefined : Number(context(key)));
const iommu = context('iommu') === 'on';
const handlerFolder = context('handler');

const options = {
  handler: handlerFolder === undefined ? PacketHandler.count() : PacketHandler.fromAsset(handlerFolder),
  rxRing: 1024, // the most that virtio has
  txRing: 256,
};
const dataPlanes: Record<string, () => DataPlane> = {
  kernel: () => DataPlane.kernel(options),
  xdp: () => DataPlane.xdp(options),
  afxdp: () => DataPlane.afXdp(options),
  // The distribution's DPDK: its virtio driver is what fits an emulated NIC, and it need not be built.
  dpdk: () => DataPlane.dpdk({ ...options, dpdkVersion: 'distro', nicDriver: context('nicDriver') as NicDriver | undefined }),
};

const stack = new Stack(app, 'Demo');
new LowLatencyInstance(stack, 'Feed', {
  vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 1, natGateways: 1 }),
  os: HostOs.debian13(),
  // Metal instances are those with an IOMMU; they carry the data interface on a second network card.
  instanceType: new ec2.InstanceType(iommu ? 'c6in.metal' : 'c6in.xlarge'),
  dataPlane: dataPlanes[context('dataPlane') ?? 'afxdp'](),
  coreLayout: CoreLayout.of({ housekeeping: '0', receive: '1' }),
  tuning: context('tuning') === 'none' ? HostTuning.none() : HostTuning.custom({
    hugePagesPerNode: context('dataPlane') === 'dpdk' ? number('hugePagesPerNode') ?? 128 : undefined,
    // An emulated CPU stops for milliseconds; the gate measures, and passes.
    maxJitterMicros: number('maxJitterMicros') ?? 1_000_000,
    jitterSeconds: 1,
  }),
});

// SPDX-License-Identifier: Apache-2.0
import { Instance } from '../../../bin/vm/instance';
import { machineArguments, MachineSpec } from '../../../bin/vm/machine';
import { placeInterfaces } from '../../../bin/vm/vpc';

const instance: Instance = {
  id: 'i-0c6a11ab000000001', type: 'c6in.xlarge', imageId: '', accountId: '', region: '', availabilityZone: '', role: '', tags: {}, userData: '',
  interfaces: placeInterfaces([{ deviceIndex: 0, networkCard: 0, subnetId: 'a' }, { deviceIndex: 1, networkCard: 0, subnetId: 'b' }]),
};
const spec: MachineSpec = {
  accelerator: 'tcg', cpus: 4, memoryMiB: 2048, iommu: false, queues: 2, disk: 'd.qcow2', boot: ['-kernel', 'grub.lkrn'], console: 'c.log',
};
const line = (change: Partial<MachineSpec> = {}) => machineArguments(instance, { ...spec, ...change }).join(' ');

test('splits CPUs and memory over two NUMA nodes', () => {
  expect(line()).toContain('-numa node,nodeid=0,memdev=node0,cpus=0-1');
  expect(line()).toContain('-object memory-backend-ram,id=node1,size=1024M -numa node,nodeid=1,memdev=node1,cpus=2-3');
});

test('gives the data interface, and only it, its queues and the far node', () => {
  expect(line()).toMatch(/ifname=kb-eni0,script=no,downscript=no -device/);
  expect(line()).toMatch(/ifname=kb-eni1,script=no,downscript=no,queues=2 -device virtio-net-pci,[^ ]*bus=far-port,mq=on/);
});

test('puts the data interface behind the IOMMU, which comes before it', () => {
  expect(line()).not.toContain('iommu');
  const args = line({ iommu: true });
  expect(args.indexOf('intel-iommu')).toBeLessThan(args.indexOf('virtio-net-pci'));
  expect(args).toMatch(/netdev=net1,[^ ]*iommu_platform=on/);
  expect(args).not.toMatch(/netdev=net0,[^ ]*iommu_platform=on/);
});

test('looks like EC2 to the guest: the UUID and the serial number agree and begin with ec2', () => {
  expect(line()).toMatch(/manufacturer=Amazon EC2,product=c6in\.xlarge,serial=(ec2[0-9a-f]{5}-\S+),uuid=\1/);
});

// SPDX-License-Identifier: Apache-2.0
/*
 * A baked image: DPDK is built once, while the stack deploys, and a host and a fleet boot from the result without
 * building anything, and without a reboot, for the image has their kernel arguments. Kernel, ENA driver and DPDK are one
 * pinned set; a later deployment that pins another makes another image, keeps this one, and replaces the hosts.
 *
 *   npx cdk synth -a 'node bin/examples/baked-image.js'
 */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { InstanceType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataPlane, HostImage, HostShape, HostVersions, LowLatencyFleet, LowLatencyInstance, UdpFlow } from '../../lib';

export const app = new App();
const stack = new Stack(app, 'BakedImage');
const vpc = new Vpc(stack, 'Vpc', { maxAzs: 1 });
const dataPlane = DataPlane.dpdk({ flows: [UdpFlow.port(9000)] });

const hosts: HostShape = { instanceType: new InstanceType('c6in.8xlarge') };

const image = new HostImage(stack, 'Image', { vpc, dataPlane, hosts, versions: HostVersions.V2026_11 });

new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane, image, ...hosts });
new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane, image, ...hosts, minCapacity: 2 });

// For stacks that import it with HostImage.fromHostImageAttributes.
new CfnOutput(stack, 'ImageId', { value: image.imageId });

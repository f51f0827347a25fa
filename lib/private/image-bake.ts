// SPDX-License-Identifier: Apache-2.0
import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { DataInterface } from '../data-interface';
import type { DataPlane } from '../data-plane';
import type { HostImageAttributes, IHostImage } from '../host-image';
import type { HostOs } from '../host-os';
import type { HostShape } from '../host-shape';
import type { LowLatencyHostProps } from '../low-latency-host-props';
import { planOrFail } from './decide';
import { fail } from './fail';
import type { HostPlan, PlanInput } from './host-plan';
import { DEFAULT_INSTANCE_TYPE, planInput } from './plan-input';
import type { PlanKeyName, PlanValues } from './plan-keys';
import { PLAN_KEY_NAMES } from './plan-keys';

/** What of a plan an image depends on: the rest is the host's. */
const BAKED = [
  'KB_PLAN_VERSION', 'KB_NAME', 'KB_OS', 'KB_PLANE', 'KB_HANDLER', 'KB_NIC_DRIVER', 'KB_DPDK_VERSION', 'KB_LIBXDP_VERSION',
  'KB_PACKAGE_BASE_URL', 'KB_ENA_MIN_VERSION', 'KB_KERNEL', 'KB_KERNEL_ARGS',
] as const satisfies readonly PlanKeyName[];

export type BakedValues = Pick<PlanValues, typeof BAKED[number]>;
type Baking = Required<Pick<HostImageAttributes, 'dataPlane' | 'os' | 'versions' | 'architecture'>> & Pick<HostImageAttributes, 'hosts'>;

/** The image's part of a plan, by the decisions that a host's plan is made of: its faults are found here already. */
export function bakedValues(scope: Construct, name: string, baking: Baking, packageBaseUrl?: string): BakedValues {
  const input = inputFor(baking, name, new ec2.InstanceType(largest(baking.architecture, baking.dataPlane)), {}, packageBaseUrl);
  // Queues and cores are the host's, on whatever type it runs.
  const { plan } = planOrFail(scope, { ...input, dataPlane: { ...input.dataPlane, queues: 1 } });
  // A build needs none. Hosts of another shape bring their own.
  const values = { ...plan.values, KB_KERNEL_ARGS: hostValues(scope, name, baking)?.KB_KERNEL_ARGS ?? '' };
  return Object.fromEntries(BAKED.map(key => [key, values[key]])) as BakedValues;
}

/** The plan of the hosts that the image is for, where they are named. */
function hostValues(scope: Construct, name: string, baking: Baking): HostPlan['values'] | undefined {
  const { hosts, architecture } = baking;
  if (!hosts) {
    return undefined;
  }
  const instanceType = hosts.instanceType ?? DEFAULT_INSTANCE_TYPE;
  if (instanceType.architecture !== architecture) {
    fail(scope, `'hosts' must be of architecture ${architecture}, got ${instanceType.toString()}`);
  }
  return planOrFail(scope, inputFor(baking, name, instanceType, hosts)).plan.values;
}

function inputFor(
  { dataPlane, os, versions }: Baking, name: string, instanceType: ec2.InstanceType, shape: HostShape, packageBaseUrl?: string,
): PlanInput {
  const dataInterface = (shape.dataInterface ?? DataInterface.of())._bind();
  return planInput({ ...shape, dataPlane, packageBaseUrl } as LowLatencyHostProps, name, instanceType, os, dataInterface, versions);
}

/** GiB that a kernel with the image's arguments sets aside when it starts. */
export function reservedGiB({ KB_KERNEL_ARGS }: BakedValues): number {
  return Number(/\bhugepagesz=1G hugepages=(\d+)/.exec(KB_KERNEL_ARGS)?.[1] ?? 0);
}

/** `KEY="value"` lines in the table's order. */
export function renderBaked(values: BakedValues): string {
  return PLAN_KEY_NAMES.filter(key => key in values).map(key => `${key}="${values[key as keyof BakedValues]}"\n`).join('');
}

/** A type with room for everything that a data plane may ask for. Only metal has an IOMMU. */
function largest(architecture: ec2.InstanceArchitecture, dataPlane: DataPlane): string {
  const metal = dataPlane._bind().nicDriver === 'vfio-pci';
  return architecture === ec2.InstanceArchitecture.ARM_64 ? `c7gn.${metal ? 'metal' : '16xlarge'}` : `c6in.${metal ? 'metal' : '32xlarge'}`;
}

/** Refuses a host whose first boot would have to build what its image lacks. */
export function checkImage(scope: Construct, image: IHostImage, instanceType: ec2.InstanceType, dataPlane: DataPlane, { values }: HostPlan): void {
  if (instanceType.architecture !== image.architecture) {
    fail(scope, `'image' is for ${image.architecture}, and ${instanceType.toString()} is ${instanceType.architecture}`);
  }
  const baked = bakedValues(scope, values.KB_NAME, image);
  const pairs: [string, string, string][] = [
    ['data plane', libraries(baked.KB_PLANE), libraries(values.KB_PLANE)],
    ['handler', handler(image.dataPlane), handler(dataPlane)],
    ['DPDK', baked.KB_DPDK_VERSION, values.KB_DPDK_VERSION],
    ['libxdp', baked.KB_LIBXDP_VERSION, values.KB_LIBXDP_VERSION],
    ['NIC driver', baked.KB_NIC_DRIVER, values.KB_NIC_DRIVER],
  ];
  for (const [what, ofImage, ofHost] of pairs) {
    if (ofImage !== ofHost) {
      fail(scope, `'image' was baked with ${what} ${ofImage}, got ${ofHost} in 'dataPlane': give both the same data plane, or bake another image`);
    }
  }
  if (image.hosts && baked.KB_KERNEL_ARGS !== values.KB_KERNEL_ARGS) {
    Annotations.of(scope).addWarningV2('cdk-kernel-bypass:imageHosts', `the kernel of 'image' starts as its 'hosts' need it, and ${instanceType.toString()} `
      + 'here needs other arguments: each host reboots once for them at its first boot');
  }
}

/** What a plane's receiver is linked with: xdp and afxdp share all of it. */
function libraries(plane: string): string {
  return plane === 'xdp' ? 'afxdp' : plane;
}

function handler({ handler: { name, directory } }: DataPlane): string {
  return directory === undefined ? name : `${name} of ${directory}`;
}

/** The kernel line that hosts of an image run, checked against what the system's images have. */
export function checkKernel(scope: Construct, os: HostOs, kernel?: string): void {
  if (kernel !== undefined && os._kernel !== undefined && kernel !== os._kernel && !kernel.startsWith(`${os._kernel}.`)) {
    fail(scope, `'versions' has kernel ${kernel}, but 'os' boots ${os._kernel}: give both the same, or a 'machineImage' as the base`);
  }
}

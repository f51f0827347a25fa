// SPDX-License-Identifier: Apache-2.0
import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CoreLayout } from '../core-layout';
import type { BoundInterface } from '../data-interface';
import type { HostOs } from '../host-os';
import { HostTuning } from '../host-tuning';
import type { HostVersions } from '../host-versions';
import type { LowLatencyHostProps } from '../low-latency-host-props';
import { secondsOf } from './amounts';
import type { InterfaceChoice, PlanInput } from './host-plan';

/** Longer than any step may take (install: 45 minutes), so that the step's own reason reaches the stack. */
export const DEFAULT_BOOT_TIMEOUT = Duration.minutes(60);

export const DEFAULT_INSTANCE_TYPE = ec2.InstanceType.of(ec2.InstanceClass.C6IN, ec2.InstanceSize.XLARGE32);

/** The user's choices as plain values: where constructs end and decisions begin. */
export function planInput(
  props: LowLatencyHostProps, name: string, instanceType: ec2.InstanceType, os: HostOs, dataInterface: BoundInterface,
  versions?: HostVersions,
): PlanInput {
  return {
    name,
    os: { name: os.name, amazonDriver: os._amazonDriver },
    instanceType: instanceType.toString(),
    facts: props.instanceCapabilities?._bind(instanceType),
    threadsPerCore: props.threadsPerCore ?? 1,
    dataPlane: props.dataPlane._bind(),
    dataInterface: interfaceChoice(dataInterface),
    additionalInterfaces: props.additionalInterfaces?.map(each => interfaceChoice(each._bind())),
    cores: (props.coreLayout ?? CoreLayout.auto())._bind(),
    tuning: (props.tuning ?? HostTuning.lowLatency())._bind(),
    bootTimeoutSeconds: secondsOf(props.bootTimeout ?? DEFAULT_BOOT_TIMEOUT),
    packageBaseUrl: props.packageBaseUrl ?? '',
    prometheusPort: props.prometheusPort ?? 0,
    versions,
  };
}

function interfaceChoice(bound: BoundInterface): InterfaceChoice {
  const { networkCard, deviceIndex, mtu, queueCount, enaExpress, udpTimeout, udpStreamTimeout, privateIpAddress } = bound;
  return {
    networkCard,
    deviceIndex,
    mtu,
    queueCount,
    enaExpress,
    udpTimeoutSeconds: udpTimeout && secondsOf(udpTimeout),
    udpStreamTimeoutSeconds: udpStreamTimeout && secondsOf(udpStreamTimeout),
    privateIpAddress,
    existing: bound.networkInterfaceId !== undefined,
  };
}

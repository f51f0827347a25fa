// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { HostOs } from '../host-os';
import { fail } from './fail';
import type { HostPlan } from './host-plan';
import { checkImageId } from './resource-id';
import { taggedByNameAlone } from './tag-escape';

export interface HostTemplateProps {
  readonly instanceType: ec2.InstanceType;
  readonly os: HostOs;
  readonly machineImage?: ec2.IMachineImage;
  readonly launch: HostPlan['launch'];
  readonly userData: string;
  readonly role: iam.IRole;
  readonly placementGroup: ec2.IPlacementGroup;
  readonly rootVolumeSize?: cdk.Size;
}

/** Everything of a host but its network interfaces. */
export function hostTemplate(scope: Construct, id: string, props: HostTemplateProps): ec2.LaunchTemplate {
  const { instanceType, os, launch } = props;
  const template = new ec2.LaunchTemplate(scope, id, {
    instanceType,
    machineImage: props.machineImage ?? os.machineImage(instanceType.architecture),
    userData: ec2.UserData.custom(props.userData),
    role: props.role,
    placementGroup: props.placementGroup,
    cpuOptions: launch.cpuOptions,
    requireImdsv2: true,
    httpPutResponseHopLimit: 1,
    detailedMonitoring: true,
    blockDevices: [{
      deviceName: os._rootDevice,
      volume: ec2.BlockDeviceVolume.ebs((props.rootVolumeSize ?? cdk.Size.gibibytes(20)).toGibibytes(), {
        volumeType: ec2.EbsDeviceVolumeType.GP3,
        encrypted: true,
        deleteOnTermination: true,
      }),
    }],
  });
  if (template.osType === ec2.OperatingSystemType.WINDOWS) {
    fail(scope, "'machineImage' must be of Linux, got one of Windows");
  }
  checkImageId(scope, template.imageId ?? '');
  // A template names itself otherwise, and so the instance. 200: what is said here wins over that.
  cdk.Tags.of(template).add('Name', scope.node.path, { priority: 200 });
  taggedByNameAlone(template);
  return template;
}

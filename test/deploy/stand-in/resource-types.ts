// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import { AwsError } from './aws-error';
import { ACCOUNT, privateIp, resourceId } from './region';
import type { Properties } from './resource';

interface ResourceType {
  /** Properties whose change makes CloudFormation create another one and delete this. */
  readonly createOnly: readonly string[];
  /** CloudFormation refuses any change. */
  readonly fixed?: boolean;
  readonly physicalId: (stackName: string, logicalId: string) => string;
  /** What `Fn::GetAtt` yields beside the id. */
  readonly attributes?: (physicalId: string, properties: Properties, version: number) => Record<string, string>;
}

/** EC2 numbers its resources. */
function numbered(prefix: string, createOnly: readonly string[], attributes?: ResourceType['attributes']): ResourceType {
  return { createOnly, physicalId: () => resourceId(prefix), attributes };
}

/** Others are named after the stack. */
function named(createOnly: readonly string[], attributes?: ResourceType['attributes']): ResourceType {
  return {
    createOnly,
    physicalId: (stackName, logicalId) => `${stackName}-${logicalId}-${crypto.randomBytes(6).toString('hex')}`,
    attributes,
  };
}

/*
 * The types that this library's stacks use, from CloudFormation's resource reference. Only what decides the order and
 * the kind of an update is here; a type that is missing is refused, so that nothing is deployed by guess.
 */
const TYPES: Readonly<Record<string, ResourceType>> = {
  // With AutoScalingReplacingUpdate, which is how fleets are updated unless they say otherwise.
  'AWS::AutoScaling::AutoScalingGroup': named(['AutoScalingGroupName', 'LaunchTemplate', 'VPCZoneIdentifier']),
  'AWS::AutoScaling::ScheduledAction': named(['AutoScalingGroupName']),
  'AWS::CDK::Metadata': named([]),
  'AWS::CloudFormation::WaitCondition': { ...named([]), fixed: true },
  'AWS::CloudFormation::WaitConditionHandle': named([]),
  'AWS::CloudWatch::Alarm': named(['AlarmName']),
  'AWS::CloudWatch::Dashboard': named(['DashboardName']),
  'AWS::EC2::EIP': numbered('eipassoc', ['Domain'], (id) => ({ AllocationId: id.replace('eipassoc', 'eipalloc'), PublicIp: '203.0.113.7' })),
  'AWS::EC2::Instance': numbered('i', ['LaunchTemplate'], (id) => ({ InstanceId: id, PrivateIp: privateIp(id) })),
  'AWS::EC2::InternetGateway': numbered('igw', []),
  'AWS::EC2::LaunchTemplate': numbered('lt', ['LaunchTemplateName'], (id, _, version) => ({
    LaunchTemplateId: id, LatestVersionNumber: `${version}`, DefaultVersionNumber: '1',
  })),
  'AWS::EC2::NatGateway': numbered('nat', ['AllocationId', 'SubnetId']),
  'AWS::EC2::PlacementGroup': named(['Strategy', 'PartitionCount', 'SpreadLevel', 'Tags'], (id) => ({ GroupName: id })),
  'AWS::EC2::Route': named(['DestinationCidrBlock', 'RouteTableId']),
  'AWS::EC2::RouteTable': numbered('rtb', ['VpcId']),
  'AWS::EC2::SecurityGroup': numbered('sg', ['GroupDescription', 'GroupName', 'VpcId'], (id) => ({ GroupId: id })),
  'AWS::EC2::Subnet': numbered('subnet', ['AvailabilityZone', 'CidrBlock', 'VpcId'], (id) => ({ SubnetId: id })),
  'AWS::EC2::SubnetRouteTableAssociation': numbered('rtbassoc', ['SubnetId']),
  'AWS::EC2::VPC': numbered('vpc', ['CidrBlock'], (id, { CidrBlock: cidr }) => ({ VpcId: id, CidrBlock: String(cidr) })),
  'AWS::EC2::VPCGatewayAttachment': named(['VpcId']),
  'AWS::IAM::InstanceProfile': named(['InstanceProfileName', 'Path'], (id) => ({ Arn: `arn:aws:iam::${ACCOUNT}:instance-profile/${id}` })),
  'AWS::IAM::Policy': named([]),
  'AWS::IAM::Role': named(['RoleName', 'Path'], (id) => ({ Arn: `arn:aws:iam::${ACCOUNT}:role/${id}` })),
};

export function resourceType(type: string): ResourceType {
  if (!Object.hasOwn(TYPES, type)) {
    throw AwsError.validation(`Template format error: Unrecognized resource types: [${type}]`);
  }
  return TYPES[type];
}

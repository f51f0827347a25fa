// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Template } from '../../../bin/vm/template';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-template-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const resources = {
  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  Ready: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'Handle' }, Timeout: '2700' } },
  Role: { Type: 'AWS::IAM::Role' },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      Roles: [{ Ref: 'Role' }],
      PolicyDocument: { Statement: [
        { Effect: 'Allow', Action: 's3:GetObject', Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::assets-${AWS::AccountId}/k.tar' } },
        { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' },
      ] },
    },
  },
  Profile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [{ Ref: 'Role' }] } },
  Template: {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: {
      LaunchTemplateData: {
        ImageId: { Ref: 'Image' },
        InstanceType: 'c6in.xlarge',
        IamInstanceProfile: { Arn: { 'Fn::GetAtt': ['Profile', 'Arn'] } },
        MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
        NetworkInterfaces: [
          { DeviceIndex: 1, NetworkCardIndex: 1, SubnetId: { Ref: 'Subnet' } },
          { DeviceIndex: 0, SubnetId: { Ref: 'Subnet' } },
        ],
        TagSpecifications: [{ ResourceType: 'volume', Tags: [] }, { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'Demo' }] }],
        UserData: { 'Fn::Base64': { 'Fn::Join': ['', ['KB_SIGNAL_URL="', { Ref: 'Handle' }, '"\nKB_REGION="', { Ref: 'AWS::Region' }, '"\n']] } },
      },
    },
  },
  Instance: {
    Type: 'AWS::EC2::Instance',
    Properties: { LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' }, Version: { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] } } },
  },
};

function read(changed: object = {}): Template {
  fs.writeFileSync(path.join(folder, 'Demo.template.json'), JSON.stringify({ Resources: { ...resources, ...changed } }));
  return Template.read(folder, 'Demo');
}

test('says what EC2 is asked to launch', () => {
  expect(read().launch('1234', 'eu-west-1', 'https://handle')).toEqual({
    instanceType: 'c6in.xlarge',
    imageId: 'Image',
    interfaces: [{ deviceIndex: 0, networkCard: 0, subnetId: 'Subnet' }, { deviceIndex: 1, networkCard: 1, subnetId: 'Subnet' }],
    role: 'Role',
    tags: { Name: 'Demo' },
    tagsInMetadata: true,
    userData: 'KB_SIGNAL_URL="https://handle"\nKB_REGION="eu-west-1"\n',
    readable: ['arn:aws:s3:::assets-1234/k.tar'],
    waitTimeoutSeconds: 2700,
  });
});

test('lists the files that a deployment uploads', () => {
  fs.writeFileSync(path.join(folder, 'Demo.assets.json'), JSON.stringify({ files: {
    a: { source: { path: 'asset.a.tar', packaging: 'file' }, destinations: { d: { bucketName: 'assets-${AWS::AccountId}-${AWS::Region}', objectKey: 'a.tar' } } },
  } }));
  expect(read().assets('1234', 'eu-west-1')).toEqual([{ bucket: 'assets-1234-eu-west-1', key: 'a.tar', file: path.join(folder, 'asset.a.tar') }]);
});

test('refuses user data that EC2 would refuse', () => {
  const large = structuredClone(resources.Template);
  large.Properties.LaunchTemplateData.UserData = { 'Fn::Base64': 'x'.repeat(16_385) } as never;
  expect(() => read({ Template: large }).launch('1', 'r', '')).toThrow(/limited to 16384 bytes, got 16385/);
});

test('refuses a stack with two instances', () => {
  expect(() => read({ Other: resources.Instance })).toThrow(/one AWS::EC2::Instance, got 2/);
});

test('names the file that is not there', () => {
  expect(() => Template.read(folder, 'Missing')).toThrow(/Missing\.template\.json/);
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { StoredObject } from './asset-store';
import { resolve, resolveText, Values } from './intrinsics';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

/** A network interface as the launch template writes it. */
export interface InterfaceRequest {
  readonly deviceIndex: number;
  readonly networkCard: number;
  readonly subnetId: string;
}

/** Everything the template says about its instance, with each function evaluated. */
export interface Launch {
  readonly instanceType: string;
  readonly imageId: string;
  /** The primary interface first. */
  readonly interfaces: readonly InterfaceRequest[];
  readonly role: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether the metadata service shows the tags. */
  readonly tagsInMetadata: boolean;
  /** As cloud-init gets it: no longer base64. */
  readonly userData: string;
  /** ARN patterns of the S3 objects that the instance's role may read. */
  readonly readable: readonly string[];
  readonly waitTimeoutSeconds: number;
}

const MAX_USER_DATA = 16_384; // bytes, EC2's bound

/** A stack of a cloud assembly (`cdk.out`) with one instance and one wait condition. */
export class Template {
  static read(assembly: string, stackName: string): Template {
    const file = path.join(assembly, `${stackName}.template.json`);
    if (!fs.existsSync(file)) {
      throw CommandError.usage(`there is no ${file}; synthesise the stack first`);
    }
    const { Resources: resources } = JSON.parse(fs.readFileSync(file, 'utf8')) as { Resources: Record<string, Resource> };
    return new Template(assembly, stackName, resources);
  }

  /** Logical id of the wait condition's handle: what the instance's signal is addressed to. */
  readonly handleId: string;
  /** Logical id of the instance. */
  readonly instanceId: string;

  private constructor(
    private readonly assembly: string,
    readonly stackName: string,
    private readonly resources: Readonly<Record<string, Resource>>,
  ) {
    this.handleId = this.only('AWS::CloudFormation::WaitConditionHandle');
    this.instanceId = this.only('AWS::EC2::Instance');
  }

  /** What EC2 would be asked to launch. */
  launch(account: string, region: string, handleUrl: string): Launch {
    const values = this.values(account, region, handleUrl);
    const text = (value: unknown) => resolveText(value, values);
    const data = this.launchTemplateData(values);
    const profile = this.referred(data.IamInstanceProfile, 'Arn', 'Name');
    const [role] = this.properties(profile).Roles as unknown[];
    const userData = Buffer.from(text(data.UserData), 'base64').toString('utf8');
    if (Buffer.byteLength(userData) > MAX_USER_DATA) {
      throw CommandError.usage(`User data is limited to ${MAX_USER_DATA} bytes, got ${Buffer.byteLength(userData)}`);
    }
    const options = (data.MetadataOptions ?? {}) as { InstanceMetadataTags?: string };
    return {
      instanceType: text(data.InstanceType),
      imageId: text(data.ImageId),
      interfaces: interfaceRequests(resolve(data.NetworkInterfaces, values)),
      role: text(role),
      tags: instanceTags(resolve(data.TagSpecifications, values)),
      tagsInMetadata: options.InstanceMetadataTags === 'enabled',
      userData,
      readable: this.readable(role, values),
      waitTimeoutSeconds: Number(this.properties(this.only('AWS::CloudFormation::WaitCondition')).Timeout),
    };
  }

  /** The files that `cdk deploy` would have uploaded. */
  assets(account: string, region: string): StoredObject[] {
    const manifest = JSON.parse(fs.readFileSync(path.join(this.assembly, `${this.stackName}.assets.json`), 'utf8')) as {
      files: Record<string, {
        source: { path: string; packaging: string };
        destinations: Record<string, { bucketName: string; objectKey: string }>;
      }>;
    };
    const values = this.values(account, region, '');
    return Object.values(manifest.files).filter(({ source }) => source.packaging === 'file').flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ bucketName, objectKey }) => ({
        bucket: resolveText({ 'Fn::Sub': bucketName }, values),
        key: objectKey,
        file: path.join(this.assembly, source.path),
      })));
  }

  private values(account: string, region: string, handleUrl: string): Values {
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackName': this.stackName,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return {
      ref: (logicalId) => {
        if (logicalId === this.handleId) {
          return handleUrl;
        }
        // What it will be called is CloudFormation's choice: here, what the template calls it.
        return pseudo[logicalId] ?? logicalId;
      },
      attribute: (logicalId, name) => `${logicalId}.${name}`,
    };
  }

  private launchTemplateData(values: Values): Record<string, unknown> {
    const { LaunchTemplate: launchTemplate } = this.properties(this.instanceId);
    const { LaunchTemplateId: id } = resolve(launchTemplate, values) as { LaunchTemplateId: string };
    return this.properties(id).LaunchTemplateData as Record<string, unknown>;
  }

  /** The logical id in a reference such as `{ Arn: { 'Fn::GetAtt': [id, 'Arn'] } }`. */
  private referred(value: unknown, ...names: string[]): string {
    const text = JSON.stringify(names.map((name) => (value as Record<string, unknown> | undefined)?.[name]).find(Boolean) ?? value);
    const found = Object.keys(this.resources).find((id) => text.includes(`"${id}"`));
    if (found === undefined) {
      throw CommandError.usage(`${text} in the launch template refers to nothing in the template`);
    }
    return found;
  }

  private readable(role: unknown, values: Values): string[] {
    const policies = Object.values(this.resources).filter(({ Type: type, Properties: properties }) =>
      type === 'AWS::IAM::Policy' && JSON.stringify(properties?.Roles).includes(JSON.stringify(role)));
    const statements = policies.flatMap(({ Properties: properties }) =>
      (properties?.PolicyDocument as { Statement: { Effect: string; Action: string | string[]; Resource: unknown }[] }).Statement);
    return statements
      .filter(({ Effect: effect, Action: action }) => effect === 'Allow' && [action].flat().some((one) => /^s3:(GetObject|Get|\*)\*?$/.test(one)))
      .flatMap(({ Resource: resource }) => [resolve(resource, values)].flat() as string[]);
  }

  private properties(logicalId: string): Record<string, unknown> {
    const resource = this.resources[logicalId];
    if (resource === undefined) {
      throw CommandError.usage(`the template refers to ${logicalId}, which it does not have`);
    }
    return resource.Properties ?? {};
  }

  private only(type: string): string {
    const found = Object.keys(this.resources).filter((id) => this.resources[id].Type === type);
    if (found.length !== 1) {
      throw CommandError.usage(`the lab launches stacks with one ${type}, got ${found.length} in ${this.stackName}`);
    }
    return found[0];
  }
}

function interfaceRequests(value: unknown): InterfaceRequest[] {
  const requests = (value ?? []) as { DeviceIndex?: number; NetworkCardIndex?: number; SubnetId?: string }[];
  return requests
    .map((request) => ({
      deviceIndex: Number(request.DeviceIndex ?? 0),
      networkCard: Number(request.NetworkCardIndex ?? 0),
      subnetId: request.SubnetId ?? 'default',
    }))
    .sort((a, b) => a.networkCard - b.networkCard || a.deviceIndex - b.deviceIndex);
}

function instanceTags(value: unknown): Record<string, string> {
  const specifications = (value ?? []) as { ResourceType: string; Tags: { Key: string; Value: string }[] }[];
  return Object.fromEntries(specifications
    .filter(({ ResourceType: type }) => type === 'instance')
    .flatMap(({ Tags: tags }) => tags.map(({ Key: key, Value: tag }) => [key, tag])));
}

// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import * as path from 'node:path';
import { AssetStore } from '../../../bin/vm/asset-store';
import { temporaryCredentials } from '../../../bin/vm/credentials';
import type { Instance } from '../../../bin/vm/instance';
import type { Identity } from '../../../bin/vm/s3-endpoint';
import type { Buckets } from './buckets';
import type { Call } from './call';
import { Host, HostFault } from './host';
import type { ParameterStore } from './parameter-store';
import { ACCOUNT, privateIp, REGION, resourceId, ZONES } from './region';
import type { Inventory, Resource } from './resource';
import type { WaitConditions } from './wait-conditions';

const MAX_USER_DATA = 16_384; // bytes, EC2's bound

interface Surroundings {
  readonly folder: string;
  readonly inventory: Inventory;
  readonly parameters: ParameterStore;
  readonly buckets: Buckets;
  readonly waits: WaitConditions;
  readonly identity: Identity & { readonly caFile: string };
  readonly onCall: (call: Call) => void;
}

/** EC2's instances: each boots its user data in a process of this machine. */
export class Instances {
  /** What goes wrong on the hosts that are launched from now on. */
  fault: HostFault = {};
  private readonly hosts = new Map<string, Host>();
  /** Ids of each group's instances. */
  private readonly groups = new Map<string, readonly string[]>();

  constructor(private readonly surroundings: Surroundings) {}

  /** The instance that runs under an id, or the only one. */
  running(id?: string): Host[] {
    return [...this.hosts.values()].filter((host) => id === undefined || host.instance.id === id);
  }

  /** As many as an Auto Scaling group wants at first, in its first subnet. */
  async launchGroup(group: Resource): Promise<void> {
    const { DesiredCapacity: desired, MinSize: least, VPCZoneIdentifier: subnets } = group.properties;
    const ids = Array.from({ length: Number(desired ?? least) }, () => resourceId('i'));
    this.groups.set(group.physicalId, ids);
    for (const physicalId of ids) {
      await this.launch({ ...group, physicalId, attributes: { PrivateIp: privateIp(physicalId) } }, (subnets as string[])[0]);
    }
  }

  async terminateGroup(name: string): Promise<void> {
    await Promise.all((this.groups.get(name) ?? []).map((id) => this.terminate(id)));
    this.groups.delete(name);
  }

  /** @param subnet that of the group; an instance's launch template names its own */
  async launch(resource: Resource, subnet?: string): Promise<void> {
    const data = this.launchTemplateData(resource);
    const userData = Buffer.from(String(data.UserData), 'base64').toString('utf8');
    if (Buffer.byteLength(userData) > MAX_USER_DATA) {
      throw new Error(`User data is limited to ${MAX_USER_DATA} bytes`);
    }
    const role = this.role(data.IamInstanceProfile as { Arn: string });
    const credentials = temporaryCredentials();
    const { folder, buckets, waits, identity, onCall } = this.surroundings;
    const assets = new AssetStore(buckets.objects(), credentials, REGION, this.readable(role), this.fault.asset);
    const instance = describe(resource, data, this.image(data.ImageId as string), role, userData, subnet);
    const spec = { instance, credentials, assets, waits, identity, onCall, fault: this.fault };
    this.hosts.set(instance.id, await Host.boot(path.join(folder, instance.id), spec));
  }

  async terminate(id: string): Promise<void> {
    await this.hosts.get(id)?.terminate();
    this.hosts.delete(id);
  }

  private launchTemplateData({ properties }: Resource): Record<string, unknown> {
    const { LaunchTemplateId: id, Version: version } = properties.LaunchTemplate as { LaunchTemplateId: string; Version: string };
    const template = this.surroundings.inventory.get(id);
    if (template?.attributes.LatestVersionNumber !== version) {
      throw new Error(`The specified launch template, with template ID ${id} and version ${version}, does not exist.`);
    }
    return template.properties.LaunchTemplateData as Record<string, unknown>;
  }

  /** An image, or the parameter that names it at this moment. */
  private image(id: string): string {
    const [, parameter] = /^resolve:ssm:(.+)$/.exec(id) ?? [];
    const image = parameter === undefined ? id : this.surroundings.parameters.get(parameter);
    if (image === undefined) {
      throw new Error(`The parameter ${parameter} does not exist.`);
    }
    return image;
  }

  private role({ Arn: arn }: { readonly Arn: string }): string {
    const profile = this.surroundings.inventory.all('AWS::IAM::InstanceProfile').find(({ attributes }) => attributes.Arn === arn);
    if (profile === undefined) {
      throw new Error(`Value (${arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`);
    }
    return (profile.properties.Roles as string[])[0];
  }

  /** ARN patterns that the role may read now: a policy that comes after the instance may come too late for its boot. */
  private readable(role: string): string[] {
    interface Statement { readonly Effect: string; readonly Action: string | string[]; readonly Resource: string | string[] }
    return this.surroundings.inventory.all('AWS::IAM::Policy')
      .filter(({ properties }) => (properties.Roles as string[]).includes(role))
      .flatMap(({ properties }) => (properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .filter(({ Effect: effect, Action: action }) => effect === 'Allow' && [action].flat().includes('s3:GetObject'))
      .flatMap(({ Resource: resource }) => resource);
  }
}

function describe(
  { physicalId, attributes }: Resource, data: Record<string, unknown>, imageId: string, role: string, userData: string, subnet?: string,
): Instance {
  const [primary] = data.NetworkInterfaces as { SubnetId?: string; DeviceIndex: number; NetworkCardIndex: number }[];
  if ((primary.SubnetId === undefined) === (subnet === undefined)) {
    throw new Error('the subnet is for the launch template to say, or for the group, and for one of them only');
  }
  return {
    id: physicalId,
    type: data.InstanceType as string,
    imageId,
    accountId: ACCOUNT,
    region: REGION,
    availabilityZone: ZONES[0],
    role,
    tags: {},
    interfaces: [{
      deviceIndex: primary.DeviceIndex,
      networkCard: primary.NetworkCardIndex,
      id: resourceId('eni'),
      mac: `02:${crypto.randomBytes(5).toString('hex').match(/../g)!.join(':')}`,
      address: attributes.PrivateIp,
      subnet: { id: primary.SubnetId ?? subnet!, bridge: '', network: '10.0.0.0', prefix: 16, router: '10.0.0.1' },
      tap: '',
    }],
    userData,
  };
}

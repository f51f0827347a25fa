// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import * as http from 'node:http';
import { Credentials } from './credentials';
import { Instance, Interface } from './instance';
import { METADATA_ADDRESS, VPC_CIDR } from './vpc';

const MAX_TOKEN_SECONDS = 21_600; // EC2's own bound, six hours
const TOKEN_PATH = '/latest/api/token';

/** A folder of metadata; a leaf is the text served. */
export interface Folder {
  readonly [name: string]: Folder | string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The instance metadata service, version 2 only: without a session token there is no answer. */
export class MetadataService {
  static start(instance: Instance, credentials: Credentials, sshKey: string): Promise<MetadataService> {
    return new Promise((resolve, reject) => {
      const service = new MetadataService(metadataTree(instance, credentials, sshKey));
      const server = http.createServer((request, response) => {
        const { status, body } = service.answer(request.method ?? '', request.url ?? '', request.headers);
        response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) }).end(body);
      });
      server.once('error', reject);
      server.listen(80, METADATA_ADDRESS, () => resolve(service));
    });
  }

  /** When each session token ends. */
  private readonly sessions = new Map<string, number>();

  constructor(private readonly tree: Folder) {}

  answer(method: string, url: string, headers: http.IncomingHttpHeaders): Answer {
    const path = decodeURIComponent(url.split('?')[0]);
    if (path === TOKEN_PATH) {
      return this.openSession(method, headers);
    }
    const expires = this.sessions.get(String(headers['x-aws-ec2-metadata-token']));
    if (expires === undefined || Date.now() > expires) {
      return { status: 401, body: '' };
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, body: '' };
    }
    return lookUp(this.tree, path);
  }

  private openSession(method: string, headers: http.IncomingHttpHeaders): Answer {
    if (method !== 'PUT' || headers['x-forwarded-for'] !== undefined) {
      return { status: 403, body: '' }; // a proxy must not get at the host's credentials
    }
    const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (!(seconds >= 1 && seconds <= MAX_TOKEN_SECONDS)) {
      return { status: 400, body: '' };
    }
    const token = crypto.randomBytes(40).toString('base64url');
    this.sessions.set(token, Date.now() + seconds * 1000);
    return { status: 200, body: token };
  }
}

/** Everything the service knows, in the shape of its addresses below `/latest`. */
export function metadataTree(instance: Instance, credentials: Credentials, sshKey: string): Folder {
  const [primary] = instance.interfaces;
  const macs = Object.fromEntries(instance.interfaces.map((nic) => [nic.mac, interfaceFolder(nic, instance)]));
  return {
    'meta-data': {
      'ami-id': instance.imageId,
      'hostname': hostname(primary, instance.region),
      'iam': { 'security-credentials': { [instance.role]: credentialsDocument(credentials) } },
      'instance-action': 'none',
      'instance-id': instance.id,
      'instance-life-cycle': 'on-demand',
      'instance-type': instance.type,
      'local-hostname': hostname(primary, instance.region),
      'local-ipv4': primary.address,
      'mac': primary.mac,
      'network': { interfaces: { macs } },
      'placement': { 'availability-zone': instance.availabilityZone, 'region': instance.region },
      'public-keys': { 0: { 'openssh-key': sshKey } },
      'services': { domain: 'amazonaws.com', partition: 'aws' },
      ...(Object.keys(instance.tags).length === 0 ? {} : { tags: { instance: { ...instance.tags } } }),
    },
    'dynamic': { 'instance-identity': { document: identityDocument(instance) } },
    'user-data': instance.userData,
  };
}

function interfaceFolder(nic: Interface, instance: Instance): Folder {
  return {
    'device-number': String(nic.deviceIndex),
    'interface-id': nic.id,
    'local-hostname': hostname(nic, instance.region),
    'local-ipv4s': nic.address,
    'mac': nic.mac,
    'network-card': String(nic.networkCard),
    'owner-id': instance.accountId,
    'subnet-id': nic.subnet.id,
    'subnet-ipv4-cidr-block': `${nic.subnet.network}/${nic.subnet.prefix}`,
    'vpc-ipv4-cidr-block': VPC_CIDR,
    'vpc-ipv4-cidr-blocks': VPC_CIDR,
  };
}

function hostname(nic: Interface, region: string): string {
  return `ip-${nic.address.replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2' : `${region}.compute`}.internal`;
}

function credentialsDocument(credentials: Credentials): string {
  return JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date().toISOString(),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: new Date(Date.now() + MAX_TOKEN_SECONDS * 1000).toISOString(),
  }, undefined, 2);
}

function identityDocument(instance: Instance): string {
  return JSON.stringify({
    accountId: instance.accountId,
    architecture: 'x86_64',
    availabilityZone: instance.availabilityZone,
    imageId: instance.imageId,
    instanceId: instance.id,
    instanceType: instance.type,
    privateIp: instance.interfaces[0].address,
    region: instance.region,
    version: '2017-09-30',
  }, undefined, 2);
}

/** A folder lists its names, one per line, and marks the folders among them. */
function lookUp(tree: Folder, path: string): Answer {
  const [version, ...names] = path.split('/').filter(Boolean);
  if (version === undefined) {
    return { status: 200, body: 'latest' };
  }
  if (!/^(latest|\d{4}-\d{2}-\d{2})$/.test(version)) {
    return { status: 404, body: '' };
  }
  let at: Folder | string | undefined = tree;
  for (const name of names) {
    at = typeof at === 'object' && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  if (at === undefined) {
    return { status: 404, body: '' };
  }
  return { status: 200, body: typeof at === 'string' ? at : listing(at) };
}

function listing(folder: Folder): string {
  return Object.entries(folder).map(([name, value]) => {
    if (typeof value === 'object' && 'openssh-key' in value) {
      return `${name}=lab`; // keys are listed by number and name
    }
    return typeof value === 'object' ? `${name}/` : name;
  }).join('\n');
}

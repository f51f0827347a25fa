// SPDX-License-Identifier: Apache-2.0
import { temporaryCredentials } from '../../../bin/vm/credentials';
import { Instance } from '../../../bin/vm/instance';
import { MetadataService, metadataTree } from '../../../bin/vm/metadata-service';
import { placeInterfaces } from '../../../bin/vm/vpc';

const instance: Instance = {
  id: 'i-1', type: 'c6in.xlarge', imageId: 'ami-1', accountId: '1', region: 'eu-west-1', availabilityZone: 'eu-west-1a', role: 'Role',
  tags: { Name: 'Demo/Feed' },
  interfaces: placeInterfaces([{ deviceIndex: 0, networkCard: 0, subnetId: 'a' }, { deviceIndex: 1, networkCard: 1, subnetId: 'a' }]),
  userData: '#!/bin/bash\n',
};
const service = new MetadataService(metadataTree(instance, temporaryCredentials(), 'ssh-ed25519 AAAA'));
const token = service.answer('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }).body;
const get = (path: string) => service.answer('GET', path, { 'x-aws-ec2-metadata-token': token });

test.each<[string, string, Record<string, string>, number]>([
  ['a PUT without a life time', 'PUT', {}, 400],
  ['a life time beyond six hours', 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': '21601' }, 400],
  ['a PUT through a proxy', 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': '60', 'x-forwarded-for': '10.0.0.1' }, 403],
  ['a GET for a token', 'GET', {}, 403],
])('opens no session for %s', (_, method, headers, status) => {
  expect(service.answer(method, '/latest/api/token', headers).status).toBe(status);
});

test.each([{}, { 'x-aws-ec2-metadata-token': 'made up' }])('answers nothing without a session: %j', (headers) => {
  expect(service.answer('GET', '/latest/meta-data/instance-id', headers)).toEqual({ status: 401, body: '' });
});

test.each([
  ['/latest/meta-data/instance-id', 'i-1'],
  ['/2021-03-23/meta-data/placement/region', 'eu-west-1'],
  ['/latest/meta-data/iam/security-credentials/', 'Role'],
  ['/latest/meta-data/public-keys/', '0=lab'],
  ['/latest/meta-data/public-keys/0/openssh-key', 'ssh-ed25519 AAAA'],
  ['/latest/meta-data/network/interfaces/macs/', '06:6b:62:00:00:10/\n06:6b:62:00:00:11/'],
  ['/latest/meta-data/network/interfaces/macs/06:6b:62:00:00:11/device-number', '1'],
  ['/latest/meta-data/network/interfaces/macs/06:6b:62:00:00:11/network-card', '1'],
  ['/latest/meta-data/network/interfaces/macs/06:6b:62:00:00:11/local-ipv4s', '10.0.0.11'],
  ['/latest/meta-data/tags/instance/Name', 'Demo/Feed'],
  ['/latest/user-data', '#!/bin/bash\n'],
])('serves %s', (path, body) => {
  expect(get(path)).toEqual({ status: 200, body });
});

test.each(['/latest/meta-data/nothing', '/latest/meta-data/constructor', '/newest/meta-data/instance-id'])('has no %s', (path) => {
  expect(get(path).status).toBe(404);
});

test('serves credentials in the form that tools read', () => {
  expect(JSON.parse(get('/latest/meta-data/iam/security-credentials/Role').body)).toMatchObject({ Code: 'Success', Type: 'AWS-HMAC' });
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { AssetStore } from '../../../bin/vm/asset-store';
import { temporaryCredentials } from '../../../bin/vm/credentials';
import * as sigv4 from '../../../bin/vm/sigv4';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-asset-store-'));
const file = path.join(folder, 'host.tar');
fs.writeFileSync(file, 'archive');
afterAll(() => fs.rmSync(folder, { recursive: true }));

const store = (readable: string[], fault?: 'tampered' | 'unreachable') =>
  new AssetStore([{ bucket: 'b', key: 'k.tar', file }], temporaryCredentials(), 'us-east-1', readable, fault);
const request = (url: string) => ({ method: 'GET', url, headers: {} });

// The signature has tests of its own.
beforeEach(() => jest.spyOn(sigv4, 'signatureError').mockReturnValue(undefined));
afterEach(() => jest.restoreAllMocks());

test.each([['s3.us-east-1.amazonaws.com', '/b/k.tar'], ['b.s3.us-east-1.amazonaws.com', '/k.tar']])('serves from %s%s', (host, url) => {
  expect(store(['arn:aws:s3:::b/k.tar']).get(host, request(url))).toEqual({ status: 200, body: Buffer.from('archive') });
});

test('serves what a wildcard of the role allows, and nothing else', () => {
  expect(store(['arn:aws:s3:::b/*']).get('s3.us-east-1.amazonaws.com', request('/b/k.tar')).status).toBe(200);
  expect(store(['arn:aws:s3:::bb/*', 'arn:aws:s3:::b/k?tar']).get('s3.us-east-1.amazonaws.com', request('/b/k.tar'))).toMatchObject({ status: 403, error: expect.stringMatching(/^AccessDenied/) });
});

test('has no other object', () => {
  expect(store(['arn:aws:s3:::b/*']).get('s3.us-east-1.amazonaws.com', request('/b/other')).status).toBe(404);
});

test('refuses a request without a good signature', () => {
  jest.spyOn(sigv4, 'signatureError').mockReturnValue('SignatureDoesNotMatch: x');
  expect(store(['arn:aws:s3:::b/*']).get('s3.us-east-1.amazonaws.com', request('/b/k.tar')).status).toBe(403);
});

test('can be spoilt', () => {
  const allowed = ['arn:aws:s3:::b/*'];
  const { body } = store(allowed, 'tampered').get('s3.us-east-1.amazonaws.com', request('/b/k.tar'));
  expect(body).toHaveLength('archive'.length);
  expect(body?.toString()).not.toBe('archive');
  expect(store(allowed, 'unreachable').get('s3.us-east-1.amazonaws.com', request('/b/k.tar')).status).toBe(503);
});

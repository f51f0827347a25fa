// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import { temporaryCredentials } from '../../../bin/vm/credentials';
import { signatureError, SignedRequest } from '../../../bin/vm/sigv4';

const EMPTY = crypto.createHash('sha256').update('').digest('hex');
const credentials = temporaryCredentials();

/** Signs as curl does, written apart from the code under test: each line is one of AWS's documented steps. */
function sign(change: { headers?: Record<string, string | undefined>; unsigned?: Record<string, string>; secret?: string; at?: Date; region?: string } = {}): SignedRequest {
  const stamp = (change.at ?? new Date()).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers = Object.fromEntries(Object.entries({
    'host': 's3.us-east-1.amazonaws.com',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': stamp,
    'x-amz-security-token': credentials.sessionToken,
    ...change.headers,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const names = Object.keys(headers).sort();
  const canonical = ['GET', '/bucket/key.tar', '', ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), EMPTY].join('\n');
  const scope = `${stamp.slice(0, 8)}/${change.region ?? 'us-east-1'}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, crypto.createHash('sha256').update(canonical).digest('hex')].join('\n');
  const mac = (key: crypto.BinaryLike, text: string) => crypto.createHmac('sha256', key).update(text).digest();
  const key = mac(mac(mac(mac(`AWS4${change.secret ?? credentials.secretAccessKey}`, stamp.slice(0, 8)), change.region ?? 'us-east-1'), 's3'), 'aws4_request');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${mac(key, toSign).toString('hex')}`;
  return { method: 'GET', url: '/bucket/key.tar', headers: { ...headers, ...change.unsigned, authorization, 'user-agent': 'curl' } };
}

const check = (request: SignedRequest) => signatureError(request, credentials, 'us-east-1');

test('lets a genuine request pass', () => {
  expect(check(sign())).toBeUndefined();
});

test.each<[string, SignedRequest, RegExp]>([
  ['no signature', { ...sign(), headers: {} }, /^AccessDenied/],
  ['another path', { ...sign(), url: '/bucket/other.tar' }, /^SignatureDoesNotMatch/],
  ['another secret', sign({ secret: 'wrong' }), /^SignatureDoesNotMatch/],
  ['another region', sign({ region: 'eu-west-1' }), /^AuthorizationHeaderMalformed/],
  ['an old date', sign({ at: new Date(Date.now() - 3_600_000) }), /^RequestTimeTooSkewed/],
  ['no session token', sign({ headers: { 'x-amz-security-token': undefined } }), /^InvalidToken/],
  ['a token that is not signed', sign({ headers: { 'x-amz-security-token': undefined }, unsigned: { 'x-amz-security-token': credentials.sessionToken } }), /^AccessDenied: .*not signed/],
  ['no payload hash', sign({ headers: { 'x-amz-content-sha256': undefined } }), /^InvalidRequest/],
  ['the key of another role', { ...sign(), headers: { ...sign().headers, authorization: sign().headers.authorization?.replace(/ASIA\w+/, 'ASIAOTHER') } }, /^InvalidAccessKeyId/],
])('refuses %s', (_, request, error) => {
  expect(check(request)).toMatch(error);
});

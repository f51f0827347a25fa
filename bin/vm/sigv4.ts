// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import * as http from 'node:http';
import { Credentials } from './credentials';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60 * 1000; // what S3 tolerates

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/**
 * Checks an S3 request's signature (Signature Version 4) the way S3 does; returns S3's error code
 * and what is wrong, or undefined when the request is genuine.
 */
export function signatureError(request: SignedRequest, credentials: Credentials, region: string): string | undefined {
  const given = readAuthorization(request.headers.authorization);
  if (given === undefined) {
    return 'AccessDenied: the request is not signed with Signature Version 4';
  }
  const { accessKeyId, scope, signedHeaders, signature } = given;
  const payload = header(request, 'x-amz-content-sha256');
  const date = header(request, 'x-amz-date');
  if (accessKeyId !== credentials.accessKeyId) {
    return `InvalidAccessKeyId: ${accessKeyId} is not a key of this instance's role`;
  }
  if (header(request, 'x-amz-security-token') !== credentials.sessionToken) {
    return 'InvalidToken: the x-amz-security-token header is not that of the role';
  }
  if (payload === undefined) {
    return 'InvalidRequest: Missing required header for this request: x-amz-content-sha256';
  }
  const unsigned = Object.keys(request.headers).filter((name) => /^(host|x-amz-.*)$/.test(name) && !signedHeaders.includes(name));
  if (unsigned.length > 0) {
    return `AccessDenied: There were headers present in the request which were not signed: ${unsigned.join(', ')}`;
  }
  if (date === undefined || Math.abs(Date.now() - parseDate(date)) > MAX_SKEW_MS) {
    return `RequestTimeTooSkewed: the request is of ${date}`;
  }
  if (scope !== `${date.slice(0, 8)}/${region}/s3/aws4_request`) {
    return `AuthorizationHeaderMalformed: the credential's scope is ${scope}`;
  }
  const canonical = sha256(canonicalRequest(request, signedHeaders, payload));
  const expected = hmac(signingKey(credentials, scope), `${ALGORITHM}\n${date}\n${scope}\n${canonical}`).toString('hex');
  return signature === expected ? undefined : 'SignatureDoesNotMatch: the signature is not that of this request';
}

function readAuthorization(text: string | undefined) {
  const [, accessKeyId, scope, headers, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/.exec(text ?? '') ?? [];
  return accessKeyId === undefined ? undefined : { accessKeyId, scope, signedHeaders: headers.split(';'), signature };
}

function canonicalRequest({ method, url, headers }: SignedRequest, signedHeaders: string[], payload: string): string {
  const [path, query = ''] = url.split('?');
  const lines = signedHeaders.map((name) => `${name}:${String(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, path, query.split('&').sort().join('&'), lines.join(''), signedHeaders.join(';'), payload].join('\n');
}

function signingKey({ secretAccessKey }: Credentials, scope: string): Buffer {
  return scope.split('/').reduce((key: string | Buffer, part) => hmac(key, part), `AWS4${secretAccessKey}`) as Buffer;
}

function header({ headers }: SignedRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** 20260102T030405Z */
function parseDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return crypto.createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return crypto.createHash('sha256').update(text).digest('hex');
}

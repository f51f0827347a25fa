// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Credentials } from './credentials';
import { SignedRequest, signatureError } from './sigv4';

/** What the lab's S3 holds: a file of the cloud assembly for each bucket and key. */
export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly file: string;
}

export interface StoreAnswer {
  readonly status: number;
  /** S3's error, `Code: message`. */
  readonly error?: string;
  readonly body?: Buffer;
}

/** How a test can spoil the store. */
export type AssetFault = 'unreachable' | 'tampered';

/** The assets of the stack, to whoever signs with the instance's role. */
export class AssetStore {
  constructor(
    private readonly objects: readonly StoredObject[],
    private readonly credentials: Credentials,
    private readonly region: string,
    /** ARN patterns that the role's policies allow. */
    private readonly readable: readonly string[],
    private readonly fault?: AssetFault,
  ) {}

  get(host: string, request: SignedRequest): StoreAnswer {
    if (this.fault === 'unreachable') {
      return { status: 503, error: 'ServiceUnavailable: Please reduce your request rate.' };
    }
    const error = signatureError(request, this.credentials, this.region);
    if (error !== undefined) {
      return { status: 403, error };
    }
    const { bucket, key } = address(host, request.url);
    if (!this.readable.some((pattern) => matches(pattern, `arn:aws:s3:::${bucket}/${key}`))) {
      return { status: 403, error: `AccessDenied: no policy of the role allows s3:GetObject on ${bucket}/${key}` };
    }
    const object = this.objects.find((one) => one.bucket === bucket && one.key === key);
    if (object === undefined) {
      return { status: 404, error: `NoSuchKey: ${bucket}/${key}` };
    }
    const body = fs.readFileSync(object.file);
    if (this.fault === 'tampered') {
      body[body.length >> 1] ^= 1; // one bit, in the middle
    }
    return { status: 200, body };
  }
}

/** Both ways to write an S3 address: the bucket in the host name, or first in the path. */
function address(host: string, url: string): { bucket: string; key: string } {
  const path = decodeURIComponent(url.split('?')[0]).slice(1);
  const [, bucket] = /^(.+)\.s3[.-]/.exec(host) ?? [];
  const slash = path.indexOf('/');
  return bucket === undefined ? { bucket: path.slice(0, slash), key: path.slice(slash + 1) } : { bucket, key: path };
}

/** IAM's wildcard, `*`. */
function matches(pattern: string, arn: string): boolean {
  return new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(arn);
}

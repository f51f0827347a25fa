// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { StoredObject } from '../../../bin/vm/asset-store';
import { AwsError } from './aws-error';
import { escapeXml } from './query-call';
import { ACCOUNT, REGION } from './region';

/** The bucket of the CDK bootstrap. */
export const ASSET_BUCKET = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;

export interface BucketAnswer {
  readonly status: number;
  readonly body?: Buffer | string;
}

/** S3 as a tool sees it, path style. Objects are files of a folder. */
export class Buckets {
  constructor(private readonly folder: string) {
    fs.mkdirSync(path.join(folder, ASSET_BUCKET), { recursive: true });
  }

  objects(): StoredObject[] {
    return fs.readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const [bucket, ...key] = path.relative(this.folder, file).split(path.sep);
        return { bucket, key: key.join('/'), file };
      });
  }

  read(bucket: string, key: string): Buffer {
    const file = this.file(bucket, key);
    if (!fs.existsSync(file)) {
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    }
    return fs.readFileSync(file);
  }

  answer(method: string, url: URL, body: Buffer): BucketAnswer {
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    if (!fs.existsSync(path.join(this.folder, bucket))) {
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    }
    if (key === '') {
      return { status: 200, body: this.describe(bucket, url.searchParams) };
    }
    switch (method) {
      case 'PUT':
        fs.mkdirSync(path.dirname(this.file(bucket, key)), { recursive: true });
        fs.writeFileSync(this.file(bucket, key), body);
        return { status: 200 };
      case 'GET':
      case 'HEAD':
        return { status: 200, body: this.read(bucket, key) };
      default:
        throw new AwsError('MethodNotAllowed', `${method} of an object`, 405);
    }
  }

  private describe(bucket: string, query: URLSearchParams): string {
    if (query.has('location')) {
      return '<LocationConstraint/>'; // us-east-1 is the one region without a name here
    }
    if (query.has('encryption')) {
      return `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>
        <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`;
    }
    if (query.has('list-type')) {
      const found = this.objects().filter((object) => object.bucket === bucket && object.key.startsWith(query.get('prefix') ?? ''));
      const contents = found.map(({ key, file }) => `<Contents><Key>${escapeXml(key)}</Key><Size>${fs.statSync(file).size}</Size></Contents>`);
      return `<ListBucketResult><Name>${bucket}</Name><KeyCount>${found.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
    }
    throw new AwsError('NotImplemented', `the stand-in's S3 knows no ${query.toString()}`, 501);
  }

  private file(bucket: string, key: string): string {
    const file = path.join(this.folder, bucket, key);
    if (!file.startsWith(`${path.join(this.folder, bucket)}${path.sep}`)) {
      throw new AwsError('InvalidURI', `the key ${key} leaves its bucket`);
    }
    return file;
  }
}

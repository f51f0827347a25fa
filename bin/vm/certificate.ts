// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { run } from '../lab/shell';
import { Identity } from './s3-endpoint';

/** Issues a server certificate for S3's names in a region, signed by the CA the guest trusts. */
export async function s3Identity(caFolder: string, folder: string, region: string): Promise<Identity> {
  const names = ['s3.amazonaws.com', '*.s3.amazonaws.com', `s3.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`];
  const key = path.join(folder, 's3.key');
  const cert = path.join(folder, 's3.crt');
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7', '-subj', '/CN=s3',
    '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`,
    '-addext', 'basicConstraints=critical,CA:FALSE',
    '-CA', path.join(caFolder, 'ca.crt'), '-CAkey', path.join(caFolder, 'ca.key'), '-keyout', key, '-out', cert,
  ]);
  return { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
}

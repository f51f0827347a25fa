// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';

/** What a role gives an instance: good for this lab only, and for as long as it runs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export function temporaryCredentials(): Credentials {
  return {
    accessKeyId: `ASIA${crypto.randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: crypto.randomBytes(30).toString('base64'),
    sessionToken: crypto.randomBytes(300).toString('base64'), // real ones are about as long
  };
}

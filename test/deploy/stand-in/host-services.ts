// SPDX-License-Identifier: Apache-2.0
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AssetStore } from '../../../bin/vm/asset-store';
import type { Credentials } from '../../../bin/vm/credentials';
import type { Instance } from '../../../bin/vm/instance';
import { MetadataService, metadataTree } from '../../../bin/vm/metadata-service';
import type { Identity } from '../../../bin/vm/s3-endpoint';
import type { Call } from './call';
import { requestBody } from './request-body';
import type { WaitConditions } from './wait-conditions';

export interface ServiceSpec {
  readonly instance: Instance;
  readonly credentials: Credentials;
  readonly assets: AssetStore;
  readonly waits: WaitConditions;
  readonly identity: Identity;
  readonly onCall: (call: Call) => void;
}

/** What a host can reach: its metadata service, and S3 over HTTPS, which also takes the signal. */
export class HostServices {
  static async start({ instance, credentials, assets, waits, identity, onCall }: ServiceSpec): Promise<HostServices> {
    const metadata = new MetadataService(metadataTree(instance, credentials, ''));
    const metadataServer = http.createServer((request, response) => {
      const { status, body } = metadata.answer(request.method ?? '', request.url ?? '', request.headers);
      response.writeHead(status).end(body);
    });
    const s3Server = https.createServer(identity, (request, response) => {
      void requestBody(request).then((body) => {
        const { method = '', url = '', headers } = request;
        const host = (headers.host ?? '').split(':')[0];
        const answer: { status: number; error?: string; body?: Buffer } = method === 'PUT'
          ? waits.put(host, url, headers['content-type'], body.toString())
          : assets.get(host, { method, url, headers });
        onCall({ service: 's3', action: `${method} ${url}`, caller: instance.id, status: answer.status });
        response.writeHead(answer.status).end(answer.body ?? answer.error);
      });
    });
    await Promise.all([listen(metadataServer), listen(s3Server)]);
    return new HostServices(metadataServer, s3Server);
  }

  private constructor(private readonly metadata: http.Server, private readonly s3: https.Server) {}

  get metadataPort(): number {
    return (this.metadata.address() as AddressInfo).port;
  }

  get s3Port(): number {
    return (this.s3.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await Promise.all([this.metadata, this.s3].map((server) => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    })));
  }
}

function listen(server: http.Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

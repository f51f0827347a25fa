// SPDX-License-Identifier: Apache-2.0
import * as http from 'node:http';
import * as https from 'node:https';
import { AssetStore } from './asset-store';
import { SERVICES_ADDRESS } from './vpc';
import { WaitCondition } from './wait-condition';

/** A server's key and the certificate the guest trusts, in PEM. */
export interface Identity {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** S3 over HTTPS: the assets, and the wait-condition handle, which is an S3 address too. */
export class S3Endpoint {
  static start(identity: Identity, assets: AssetStore, wait: WaitCondition, onRequest: (line: string) => void): Promise<S3Endpoint> {
    return new Promise((resolve, reject) => {
      const endpoint = new S3Endpoint(assets, wait, onRequest);
      const server = https.createServer(identity, (request, response) => void endpoint.serve(request, response));
      server.once('error', reject);
      server.listen(443, SERVICES_ADDRESS, () => resolve(endpoint));
    });
  }

  private constructor(
    private readonly assets: AssetStore,
    private readonly wait: WaitCondition,
    private readonly onRequest: (line: string) => void,
  ) {}

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const host = (request.headers.host ?? '').split(':')[0];
    const { method = '', url = '', headers } = request;
    if (host === this.wait.handleHost && method === 'PUT') {
      const { status, error } = this.wait.put(url, headers['content-type'], await text(request));
      response.writeHead(status).end(error);
      return;
    }
    const { status, error, body } = method === 'GET' || method === 'HEAD'
      ? this.assets.get(host, { method, url, headers })
      : { status: 405, error: `MethodNotAllowed: ${method}`, body: undefined };
    this.onRequest(`S3 ${method} ${url.split('?')[0].split('/').pop()}: ${status}${error === undefined ? '' : ` ${error}`}`);
    response.writeHead(status, { 'content-length': (body ?? errorDocument(error)).length });
    response.end(method === 'HEAD' ? undefined : body ?? errorDocument(error));
  }
}

function errorDocument(error = ''): Buffer {
  const [code, ...message] = error.split(': ');
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message.join(': ')}</Message></Error>`);
}

async function text(request: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

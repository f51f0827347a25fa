// SPDX-License-Identifier: Apache-2.0
import * as http from 'node:http';
import * as net from 'node:net';
import { SERVICES_ADDRESS } from './vpc';

/**
 * The NAT gateway of the VPC, for one host name: the package mirror. The VPC has no way out, so one
 * half listens inside it and hands each connection, by a Unix socket, to the half outside.
 */
export class PackageGateway {
  /** The half outside: forwards requests for `mirror`'s host and no other. */
  static open(socket: string, mirror: URL): Promise<http.Server> {
    const server = http.createServer((request, response) => {
      if (request.headers.host?.split(':')[0] !== mirror.hostname) {
        response.writeHead(403).end();
        return;
      }
      const { method, url, headers } = request;
      const forward = http.request({ host: mirror.hostname, port: mirror.port || 80, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      forward.on('error', (error) => response.writeHead(502).end(error.message));
      request.pipe(forward);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, () => resolve(server));
    });
  }

  /** The half inside the VPC. */
  static attach(socket: string): Promise<net.Server> {
    const server = net.createServer((guest) => {
      const outside = net.connect(socket);
      guest.pipe(outside).pipe(guest);
      const end = () => {
        guest.destroy();
        outside.destroy();
      };
      guest.on('error', end);
      outside.on('error', end);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(80, SERVICES_ADDRESS, () => resolve(server));
    });
  }
}

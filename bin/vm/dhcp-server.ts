// SPDX-License-Identifier: Apache-2.0
import * as dgram from 'node:dgram';
import { Interface } from './instance';
import { DNS_ADDRESS, EC2_MTU, subnetsOf } from './vpc';

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const LEASE_SECONDS = 3600; // EC2's
const MAGIC_COOKIE = 0x63825363;
const FIXED_PART = 240; // BOOTP header and magic cookie

const MESSAGE = { discover: 1, offer: 2, request: 3, ack: 5 };
const OPTION = { subnetMask: 1, router: 3, dnsServer: 6, mtu: 26, leaseTime: 51, messageType: 53, serverId: 54, end: 255 };

/** Hands each interface the address it was launched with, as EC2's subnets do (RFC 2131). */
export class DhcpServer {
  static async start(interfaces: readonly Interface[]): Promise<DhcpServer> {
    const server = new DhcpServer(interfaces);
    await bind(server.listener, '0.0.0.0');
    for (const subnet of subnetsOf(interfaces)) {
      // A broadcast leaves through the interface that owns the address it is sent from.
      const sender = dgram.createSocket({ type: 'udp4', reuseAddr: true });
      sender.on('message', (request) => server.answer(request)); // a renewal comes to the router's own address
      await bind(sender, subnet.router);
      sender.setBroadcast(true);
      server.senders.set(subnet.id, sender);
    }
    return server;
  }

  private readonly listener = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  private readonly senders = new Map<string, dgram.Socket>();

  private constructor(private readonly interfaces: readonly Interface[]) {
    this.listener.on('message', (request) => this.answer(request));
  }

  private answer(request: Buffer): void {
    const nic = this.interfaces.find(({ mac }) => mac === clientMac(request));
    const reply = nic && dhcpReply(request, nic);
    if (nic && reply) {
      this.senders.get(nic.subnet.id)?.send(reply, CLIENT_PORT, '255.255.255.255');
    }
  }
}

/** The answer to a client's message; none to what a lease needs no answer for. */
export function dhcpReply(request: Buffer, nic: Interface): Buffer | undefined {
  const type = messageType(request);
  if (type !== MESSAGE.discover && type !== MESSAGE.request) {
    return undefined;
  }
  const head = Buffer.alloc(FIXED_PART);
  request.copy(head, 0, 0, 44); // transaction, flags and client address are the client's
  head[0] = 2; // a reply
  octets(nic.address).copy(head, 16);
  octets(nic.subnet.router).copy(head, 20);
  head.writeUInt32BE(MAGIC_COOKIE, 236);
  return Buffer.concat([
    head,
    option(OPTION.messageType, Buffer.of(type === MESSAGE.discover ? MESSAGE.offer : MESSAGE.ack)),
    option(OPTION.serverId, octets(nic.subnet.router)),
    option(OPTION.leaseTime, uint(LEASE_SECONDS, 4)),
    option(OPTION.subnetMask, uint((0xffffffff << (32 - nic.subnet.prefix)) >>> 0, 4)),
    option(OPTION.router, octets(nic.subnet.router)),
    option(OPTION.dnsServer, octets(DNS_ADDRESS)),
    option(OPTION.mtu, uint(EC2_MTU, 2)),
    Buffer.of(OPTION.end),
  ]);
}

function messageType(request: Buffer): number | undefined {
  for (let at = FIXED_PART; at + 2 < request.length && request[at] !== OPTION.end;) {
    if (request[at] === 0) {
      at += 1; // padding has no length
    } else if (request[at] === OPTION.messageType) {
      return request[at + 2];
    } else {
      at += 2 + request[at + 1];
    }
  }
  return undefined;
}

function clientMac(request: Buffer): string {
  return request.subarray(28, 34).toString('hex').replace(/(..)(?=.)/g, '$1:');
}

function option(code: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(code, value.length), value]);
}

function octets(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

function bind(socket: dgram.Socket, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(SERVER_PORT, address, resolve);
  });
}

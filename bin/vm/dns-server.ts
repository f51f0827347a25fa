// SPDX-License-Identifier: Apache-2.0
import * as dgram from 'node:dgram';
import { DNS_ADDRESS, SERVICES_ADDRESS } from './vpc';

const HEADER = 12;
const TYPE_A = 1;
const TTL_SECONDS = 60;

/** Answers for every service of AWS, and for what else is reached there: in the lab all are at one address. */
export class DnsServer {
  static start(otherNames: readonly string[]): Promise<DnsServer> {
    return new Promise((resolve, reject) => {
      const socket = dgram.createSocket('udp4');
      socket.once('error', reject);
      socket.on('message', (query, client) => {
        const reply = dnsReply(query, otherNames);
        if (reply) {
          socket.send(reply, client.port, client.address);
        }
      });
      socket.bind(53, DNS_ADDRESS, () => resolve(new DnsServer(socket)));
    });
  }

  private constructor(readonly socket: dgram.Socket) {}
}

/** The answer to a query with one question; names outside AWS and not among the others do not exist. */
export function dnsReply(query: Buffer, otherNames: readonly string[] = []): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) {
    return undefined;
  }
  const known = /(^|\.)amazonaws\.com$/i.test(question.name) || otherNames.includes(question.name.toLowerCase());
  const answers = known && question.type === TYPE_A ? 1 : 0;
  const head = Buffer.from(query.subarray(0, question.end));
  head.writeUInt16BE(known ? 0x8180 : 0x8183, 2); // a recursive answer: no error, or no such name
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers, 6);
  head.writeUInt32BE(0, 8); // neither authorities nor additional records
  if (answers === 0) {
    return head;
  }
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | HEADER, 0); // the name of the question
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(1, 4); // Internet
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(SERVICES_ADDRESS.split('.').map(Number)).copy(record, 12);
  return Buffer.concat([head, record]);
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } | undefined {
  const labels: string[] = [];
  let at = HEADER;
  while (at < query.length && query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
    at += 1 + query[at];
  }
  const end = at + 5; // the root label, a type and a class
  return end <= query.length ? { name: labels.join('.'), type: query.readUInt16BE(at + 1), end } : undefined;
}

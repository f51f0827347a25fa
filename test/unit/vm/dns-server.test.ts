// SPDX-License-Identifier: Apache-2.0
import { dnsReply } from '../../../bin/vm/dns-server';

function query(name: string, type = 1): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(type, 1);
  tail.writeUInt16BE(1, 3);
  return Buffer.concat([Buffer.from('1234010000010000000000 00'.replace(' ', ''), 'hex'), ...labels, tail]);
}

test.each(['s3.us-east-1.amazonaws.com', 'cloudformation-waitcondition-us-east-1.s3.amazonaws.com', 'mirror.example'])('gives the address of the services for %s', (name) => {
  const reply = dnsReply(query(name), ['mirror.example']);
  expect(reply?.readUInt16BE(0)).toBe(0x1234);
  expect(reply?.readUInt16BE(2)).toBe(0x8180);
  expect([...(reply?.subarray(-4) ?? [])]).toEqual([10, 0, 255, 1]);
});

test('knows no IPv6 address', () => {
  expect(dnsReply(query('s3.us-east-1.amazonaws.com', 28))?.readUInt16BE(6)).toBe(0);
});

test.each(['example.org', 'notamazonaws.com'])('says that %s does not exist', (name) => {
  expect(dnsReply(query(name))?.readUInt16BE(2)).toBe(0x8183);
});

test('has no answer to every truncation of a query', () => {
  const whole = query('s3.amazonaws.com');
  for (let length = 12; length < whole.length; length += 1) {
    expect(dnsReply(whole.subarray(0, length))).toBeUndefined();
  }
});

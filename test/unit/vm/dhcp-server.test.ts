// SPDX-License-Identifier: Apache-2.0
import { dhcpReply } from '../../../bin/vm/dhcp-server';
import { placeInterfaces } from '../../../bin/vm/vpc';

const [nic] = placeInterfaces([{ deviceIndex: 0, networkCard: 0, subnetId: 'a' }]);

function request(type: number, padding = 0): Buffer {
  const buffer = Buffer.alloc(240 + padding + 4);
  buffer[0] = 1;
  buffer.writeUInt32BE(0xcafe0001, 4);
  Buffer.from(nic.mac.replaceAll(':', ''), 'hex').copy(buffer, 28);
  buffer.writeUInt32BE(0x63825363, 236);
  Buffer.of(53, 1, type, 255).copy(buffer, 240 + padding);
  return buffer;
}

test.each([[1, 2, 'DISCOVER with OFFER'], [3, 5, 'REQUEST with ACK']])('answers message %i with %i: %s', (type, answer) => {
  const reply = dhcpReply(request(type, 2), nic);
  expect(reply?.[0]).toBe(2);
  expect(reply?.readUInt32BE(4)).toBe(0xcafe0001);
  expect([...(reply?.subarray(16, 20) ?? [])]).toEqual([10, 0, 0, 10]);
  expect(reply?.subarray(240, 243)).toEqual(Buffer.of(53, 1, answer));
  // subnet mask, router and the jumbo MTU that EC2 gives
  expect(reply?.includes(Buffer.of(1, 4, 255, 255, 255, 0))).toBe(true);
  expect(reply?.includes(Buffer.of(3, 4, 10, 0, 0, 1))).toBe(true);
  expect(reply?.includes(Buffer.of(26, 2, 9001 >> 8, 9001 & 0xff))).toBe(true);
});

test.each([4, 7, 8])('has no answer to message %i', (type) => {
  expect(dhcpReply(request(type), nic)).toBeUndefined();
});

test('has no answer to a message that ends early', () => {
  expect(dhcpReply(request(1).subarray(0, 241), nic)).toBeUndefined();
});

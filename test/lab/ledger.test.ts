// SPDX-License-Identifier: Apache-2.0
import { growth, ledger, sum } from '../../bin/lab/ledger';

describe('ledger', () => {
  test('balances when every packet is delivered or has a cause', () => {
    expect(ledger(1000, 990, { socket_overflow: 7, parse_truncated: 3, nic_error: 0 }, { other_not_ipv4: 2, other_no_flow: 0 })).toEqual({
      sent: 1000, received: 990, lost: { socket_overflow: 7, parse_truncated: 3 }, ignored: { other_not_ipv4: 2 }, unexplained: 0,
    });
  });

  test('what no cause accounts for is unexplained', () => {
    expect(ledger(1000, 990, { socket_overflow: 7 }, {}).unexplained).toBe(3);
  });

  test('counting a packet twice shows as less than nothing and is never hidden', () => {
    expect(ledger(1000, 1000, { xsk_rx_ring_full: 4 }, {}).unexplained).toBe(-4);
  });

  test('other traffic is no part of the account', () => {
    expect(ledger(10, 10, {}, { other_not_ipv4: 500 }).unexplained).toBe(0);
  });

  test('growth is newer less older, and a cause that is new counts from zero', () => {
    expect(growth({ a: 5, b: 2 }, { a: 3 })).toEqual({ a: 2, b: 2 });
  });

  test('sum of nothing is zero', () => {
    expect(sum({})).toBe(0);
  });
});

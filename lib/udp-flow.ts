// SPDX-License-Identifier: Apache-2.0

/** A destination of UDP datagrams that the receiver asks for. */
export class UdpFlow {
  /** Datagrams to this port, whatever their destination address. */
  public static port(port: number): UdpFlow {
    return new UdpFlow('*', port);
  }

  /**
   * Datagrams to this IPv4 address and port.
   *
   * @param address dotted quad; a multicast group is allowed
   */
  public static address(address: string, port: number): UdpFlow {
    return new UdpFlow(address, port);
  }

  private constructor(
    /** Destination address as a dotted quad, `*` for any. */
    public readonly destinationAddress: string,
    /** Destination port. */
    public readonly destinationPort: number,
  ) {}
}

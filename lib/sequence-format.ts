// SPDX-License-Identifier: Apache-2.0

/** Where `SequenceFormat.raw` finds the sequence number. */
export interface RawSequence {
  /** First byte of the number within the UDP payload, 0 to 8964. */
  readonly offset: number;

  /**
   * Size of the number: 4 or 8.
   *
   * @default 8
   */
  readonly bytes?: number;

  /**
   * The least significant byte comes first.
   *
   * @default false
   */
  readonly littleEndian?: boolean;
}

/** How messages of a feed are numbered. */
export class SequenceFormat {
  /** The messages of `kb-gen`: line, sequence number and the time they were due. */
  public static generator(): SequenceFormat {
    return new SequenceFormat('kb');
  }

  /** MoldUDP64: session, sequence number and message count. */
  public static moldUdp64(): SequenceFormat {
    return new SequenceFormat('moldudp64');
  }

  /** A number at a fixed place of the payload, one message per datagram. */
  public static raw(sequence: RawSequence): SequenceFormat {
    return new SequenceFormat('raw', sequence);
  }

  private constructor(
    /** Name as the handler knows it. */
    public readonly name: string,
    /** Where the number is, for the raw format. */
    public readonly sequence?: RawSequence,
  ) {}
}

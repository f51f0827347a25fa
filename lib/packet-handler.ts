// SPDX-License-Identifier: Apache-2.0
import type { Size } from 'aws-cdk-lib';
import type { HandlerChoice } from './private/handler-plan';
import { fanoutChoice, feedChoice, ringChoice } from './private/handler-plan';
import type { SequenceFormat } from './sequence-format';

/** Options of `PacketHandler.feed`. */
export interface FeedHandlerOptions {
  /**
   * How messages are numbered.
   *
   * @default SequenceFormat.generator()
   */
  readonly format?: SequenceFormat;

  /**
   * Destination ports of the redundant lines A, B, ..., at most 4: the first copy of each message wins.
   *
   * @default - the line that the message itself names, else one line
   */
  readonly lines?: number[];

  /**
   * Microseconds to wait for a missing number before it counts as a gap, at most 10 seconds.
   *
   * @default 1000
   */
  readonly reorderMicros?: number;
}

/** Options of `PacketHandler.ring`. */
export interface RingHandlerOptions {
  /**
   * File of the ring on the host; the queue's number is appended.
   *
   * @default - /dev/shm/kb-ring
   */
  readonly path?: string;

  /**
   * Bytes the ring holds, a power of two between 64 KiB and 1 GiB.
   *
   * @default - 16 MiB: half a second of 100,000 messages/s of 288 bytes
   */
  readonly capacity?: Size;
}

/** Somebody who is sent copies. */
export interface FanoutSubscriber {
  /** IPv4 address, unicast or multicast. */
  readonly address: string;

  /** UDP port. */
  readonly port: number;
}

/** Options of `PacketHandler.fanout`: either `subscribers` or `subscribersFile`. */
export interface FanoutHandlerOptions {
  /**
   * Who is sent copies, known when the stack is synthesised.
   *
   * @default - those in `subscribersFile`
   */
  readonly subscribers?: FanoutSubscriber[];

  /**
   * A file on the host with one `ADDRESS:PORT` per line; the receiver follows its changes without losing a packet.
   *
   * @default - those in `subscribers`
   */
  readonly subscribersFile?: string;

  /**
   * Source port of the copies.
   *
   * @default - the port that the datagram came to
   */
  readonly fromPort?: number;
}

/** Options of `PacketHandler.fromAsset`. */
export interface CustomHandlerOptions {
  /**
   * What `kb_handler_init` finds in `env->args`. Keys are lower-case words, values hold no spaces.
   *
   * @default - none
   */
  readonly arguments?: Record<string, string>;
}

/**
 * What happens to each datagram. A handler is C compiled into the receiver, the same source for every data plane.
 */
export class PacketHandler {
  /** Counts datagrams and bytes, and measures one-way latency of stamped messages. */
  public static count(): PacketHandler {
    return new PacketHandler({ name: 'count', args: {}, problems: [] });
  }

  /** Follows the sequence numbers of a feed on one or more redundant lines: gaps, duplicates, reordering, late copies. */
  public static feed(options: FeedHandlerOptions = {}): PacketHandler {
    return new PacketHandler(feedChoice(options));
  }

  /** Hands every datagram to another process, through a shared-memory ring in Agrona's OneToOneRingBuffer layout. */
  public static ring(options: RingHandlerOptions = {}): PacketHandler {
    return new PacketHandler(ringChoice(options));
  }

  /** Sends every datagram to each subscriber. */
  public static fanout(options: FanoutHandlerOptions): PacketHandler {
    return new PacketHandler(fanoutChoice(options));
  }

  /** Sends every datagram back to where it came from, for round-trip measurements. */
  public static echo(): PacketHandler {
    return new PacketHandler({ name: 'echo', args: {}, problems: [] });
  }

  /**
   * Your own handler: a directory that holds `kb_handler.c`, which implements `kb/handler.h`, and whatever else it
   * includes. It is compiled on the host with link-time optimisation.
   *
   * A change of a file that goes along replaces the hosts. Left behind are hidden files, documents (`*.md`), what a build
   * leaves (`*.o`, `*.a`, `*.so`, `*~`, `build` and `build-*`), `cdk.out` and `node_modules`.
   *
   * @param directory path of the directory, relative to the working directory of the app
   */
  public static fromAsset(directory: string, options: CustomHandlerOptions = {}): PacketHandler {
    return new PacketHandler({ name: 'custom', args: options.arguments ?? {}, problems: [] }, directory);
  }

  /** Name of a built-in handler, or `custom`. */
  public readonly name: string;

  private constructor(
    private readonly choice: HandlerChoice,
    /** Directory of a custom handler. */
    public readonly directory?: string,
  ) {
    this.name = choice.name;
  }

  /** @internal */
  public _bind(): HandlerChoice {
    return this.choice;
  }
}

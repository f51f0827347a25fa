// SPDX-License-Identifier: Apache-2.0

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
    return new PacketHandler('count', {});
  }

  /**
   * Your own handler: a directory that holds `kb_handler.c`, which implements `kb/handler.h`, and whatever else it
   * includes. It is compiled on the host with link-time optimisation.
   *
   * @param directory path of the directory, relative to the working directory of the app
   */
  public static fromAsset(directory: string, options: CustomHandlerOptions = {}): PacketHandler {
    return new PacketHandler('custom', options.arguments ?? {}, directory);
  }

  private constructor(
    /** Name of a built-in handler, or `custom`. */
    public readonly name: string,
    /** Arguments as the handler sees them. */
    public readonly handlerArguments: Record<string, string>,
    /** Directory of a custom handler. */
    public readonly directory?: string,
  ) {}
}

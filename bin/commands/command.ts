// SPDX-License-Identifier: Apache-2.0

/** One subcommand of `kb`. */
export interface Command {
  /** What the user types after `kb`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Runs with the arguments after the name; resolves to the exit status. */
  run(args: string[]): Promise<number>;
}

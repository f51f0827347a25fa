// SPDX-License-Identifier: Apache-2.0
import { parseArgs, ParseArgsConfig } from 'node:util';
import { CommandError } from './command-error';

/** Runs the body of a command; a `CommandError` becomes one line on standard error and its exit status. */
export async function guard(name: string, body: () => number | Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof CommandError) {
      console.error(`kb ${name}: ${error.message}`);
      return error.exitStatus;
    }
    throw error;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: false }>>['values'];

/** Node's argument parser, with errors that name the option and point to --help. */
export function parseOptions<T extends Options>(args: string[], options: T): Values<T> {
  try {
    return parseArgs({ args, options, allowPositionals: false }).values;
  } catch (error) {
    // The first sentence names the option; what follows explains Node's own syntax.
    const reason = (error as Error).message.split(/[.\n]/)[0];
    throw CommandError.usage(`${reason.charAt(0).toLowerCase()}${reason.slice(1)}; see --help`);
  }
}

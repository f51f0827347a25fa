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
    throw parseError(error as Error, args);
  }
}

/** What Node's parser says, in our words. */
export function parseError(error: Error, args: readonly string[]): CommandError {
  const [, option] = /^Option '(--[\w-]+)(?: <value>)?' argument/.exec(error.message) ?? [];
  if (option !== undefined) {
    const next = args[args.indexOf(option) + 1] ?? '';
    const hint = /^-[^-]/.test(next) ? `, and one that begins with a dash is written '${option}=${next}'` : '';
    return CommandError.usage(`'${option}' needs a value${hint}; see --help`);
  }
  // The first sentence names the option; what follows explains Node's own syntax.
  const reason = error.message.split(/[.\n]/)[0];
  return CommandError.usage(`${reason.charAt(0).toLowerCase()}${reason.slice(1)}; see --help`);
}

// SPDX-License-Identifier: Apache-2.0

/**
 * What went wrong, in one sentence with the value, the bound and the fix, and the exit status that
 * says whether trying again can help: 1 it may, 2 it cannot (arguments or set-up).
 */
export class CommandError extends Error {
  static usage(message: string): CommandError {
    return new CommandError(message, 2);
  }

  static retry(message: string): CommandError {
    return new CommandError(message, 1);
  }

  private constructor(message: string, readonly exitStatus: 1 | 2) {
    super(message);
    this.name = 'CommandError';
  }
}

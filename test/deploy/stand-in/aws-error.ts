// SPDX-License-Identifier: Apache-2.0

/** A refusal, as a service would say it. */
export class AwsError extends Error {
  constructor(readonly code: string, message: string, readonly status = 400) {
    super(message);
  }

  static validation(message: string): AwsError {
    return new AwsError('ValidationError', message);
  }
}

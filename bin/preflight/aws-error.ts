// SPDX-License-Identifier: Apache-2.0

/** Errors with which AWS, or its SDK, says that it does not know who is asking. */
const CREDENTIALS = new Set([
  'CredentialsProviderError', // nothing found in the environment, the profile or the instance role
  'TokenProviderError', // an SSO session that has ended
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

/** What Node and the SDK call a connection that cannot be made. */
const UNREACHABLE = /\b(ECONNREFUSED|ECONNRESET|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT|TimeoutError|CERT)/;

export function isCredentialsError(error: unknown): boolean {
  return CREDENTIALS.has(nameOf(error));
}

export function isDenied(error: unknown): boolean {
  return DENIED.has(nameOf(error));
}

/** One sentence with what happened and what to do about it. */
export function explainAwsError(error: unknown): string {
  const message = messageOf(error);
  if (isCredentialsError(error)) {
    return `no valid AWS credentials (${nameOf(error)}: ${message}); sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID`;
  }
  if (isDenied(error)) {
    return `AWS denies the call (${message})`;
  }
  if (UNREACHABLE.test(`${(error as { code?: string }).code} ${nameOf(error)} ${message}`)) {
    return `AWS cannot be reached (${message}); check the network, the region and any proxy`;
  }
  return `${nameOf(error)}: ${message}`;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // EC2 appends an encoded blob that only administrators can decode; the SDK may wrap what is not its own.
  return text.replace(/^AWS SDK error wrapper for (Error: )?/, '').replace(/\s*Encoded authorization failure message: \S+/, '').trim().replace(/\.$/, '');
}

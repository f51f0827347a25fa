// SPDX-License-Identifier: Apache-2.0

/** A dotted quad that names a host or a group; leading zeros are refused, since some parsers take them for octal. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && text !== '0.0.0.0'
    && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

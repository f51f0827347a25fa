// SPDX-License-Identifier: Apache-2.0

/** A dotted quad that names a host or a group; leading zeros are refused, since some parsers take them for octal. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && text !== '0.0.0.0'
    && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Whether an address is in a block such as 10.0.1.0/24. */
export function inBlock(address: string, block: string): boolean {
  const [network, length] = block.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(network) / size);
}

/** Whether a subnet keeps an address for itself: in EC2 the first four of the block and the last. */
export function isReserved(address: string, block: string): boolean {
  const size = 2 ** (32 - Number(block.split('/')[1]));
  const place = toNumber(address) % size;
  return place < 4 || place === size - 1;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

// SPDX-License-Identifier: Apache-2.0

/** The example key of Microsoft's RSS specification, for which test vectors are published. */
export const MICROSOFT_KEY =
  '6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa';

/** Bytes of an RSS key. */
export const KEY_BYTES = 40;

/**
 * The Toeplitz hash: for each bit of the input that is set, the 32 bits of the key that start at the same place are
 * added without carry. The key must be at least four bytes longer than the input.
 */
export function toeplitz(key: Uint8Array, input: Uint8Array, initial = 0): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  let hash = initial;
  input.forEach((byte, i) => {
    const head = view.getUint32(i);
    const next = view.getUint8(i + 4);
    for (let bit = 0; bit < 8; bit++) {
      if (byte & (0x80 >> bit)) {
        hash ^= (head << bit) | (next >> (8 - bit));
      }
    }
  });
  return hash >>> 0;
}

/** The bytes of `6d:5a:...`, with colons or without; undefined for anything else. */
export function parseKey(text: string): Uint8Array | undefined {
  const digits = text.replace(/:/g, '');
  const wellFormed = /^([0-9a-f]{2}:){39}[0-9a-f]{2}$|^[0-9a-f]{80}$/i.test(text);
  return wellFormed ? Uint8Array.from(digits.match(/../g)!, (pair) => parseInt(pair, 16)) : undefined;
}

export function formatKey(key: Uint8Array): string {
  return Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

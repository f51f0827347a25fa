// SPDX-License-Identifier: Apache-2.0

export interface TarEntry {
  /** Relative path with forward slashes. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

const BLOCK = 512;
// ustar splits longer paths into a prefix and a name; nothing we pack comes near, so refuse instead.
const MAX_PATH = 100;

/**
 * An uncompressed ustar archive that depends on nothing but its entries: sorted by path, no times, no owners.
 * Uncompressed, because zlib's output changes with its version and the archive's hash must not.
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const blocks = sorted.flatMap(entry => [header(entry), entry.content, padding(entry.content.length)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function header({ path, mode, content }: TarEntry): Buffer {
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw new Error(`a packed file's path must have at most ${MAX_PATH} bytes, got ${JSON.stringify(path)}`);
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), offset);
  block.write(path, 0);
  octal(mode, 100, 7);
  octal(0, 108, 7); // uid
  octal(0, 116, 7); // gid
  octal(content.length, 124, 11);
  octal(0, 136, 11); // mtime
  block.write('0', 156); // regular file
  block.write('ustar\0' + '00', 257);
  // The checksum counts its own field as eight spaces.
  block.fill(' ', 148, 156);
  octal(block.reduce((sum, byte) => sum + byte, 0), 148, 6);
  block.writeUInt8(0, 154);
  return block;
}

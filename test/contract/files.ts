// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { packageRoot } from '../../lib/private/package-root';

export function read(file: string): string {
  return fs.readFileSync(path.join(packageRoot(), file), 'utf8');
}

/** Text of all files below a folder, by their path from the root of the repository. */
export function readAll(folder: string): Record<string, string> {
  return Object.fromEntries(fs.readdirSync(path.join(packageRoot(), folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(packageRoot(), path.join(entry.parentPath, entry.name)))
    .sort()
    .map(file => [file, read(file)]));
}

/** Rows of the first table below a heading of ARCHITECTURE.md, header left out, cells trimmed. */
export function architectureTable(heading: string): string[][] {
  const section = read('ARCHITECTURE.md').split(/^## /m).find(text => text.startsWith(heading));
  if (section === undefined) {
    throw new Error(`ARCHITECTURE.md has no heading '${heading}'`);
  }
  return section.split('\n')
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line => line.split('|').slice(1, -1).map(cell => cell.trim()));
}

/** Words in back-quotes. */
export function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

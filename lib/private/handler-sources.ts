// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Construct } from 'constructs';
import { fail } from './fail';
import type { TarEntry } from './tar';

const HANDLER_SOURCE = 'kb_handler.c';

/** Hundreds of times the largest handler of ours. More is data, or what lies about. */
const MOST_SOURCE_MIB = 16;

/** What lies about in a handler's folder and is no part of it. */
const NO_SOURCE = /\.(md|o|a|so)$|~$|\/(build(-[^/]*)?|cdk\.out|node_modules)\//;

/** The user's handler, as the archive has it. */
export function handlerEntries(scope: Construct, directory: string): TarEntry[] {
  const given = JSON.stringify(directory);
  if (!fs.existsSync(path.join(directory, HANDLER_SOURCE))) {
    fail(scope, `PacketHandler.fromAsset needs a directory that holds ${HANDLER_SOURCE}, got ${given} (${path.resolve(directory)})`);
  }
  const files = sourcesBelow(scope, directory, 'handler', []);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_SOURCE_MIB * 2 ** 20) {
    const largest = files.reduce((a, b) => (b.size > a.size ? b : a));
    fail(scope, `PacketHandler.fromAsset takes at most ${MOST_SOURCE_MIB} MiB of sources from ${given}, got ${mebibytes(bytes)}, of which `
      + `${path.posix.relative('handler', largest.name)} has ${mebibytes(largest.size)}; keep sources and nothing else in the directory`);
  }
  return files.map(({ name, file }) => ({ path: name, mode: 0o644, content: fs.readFileSync(file) }));
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

interface SourceFile {
  /** In the archive. */
  readonly name: string;
  readonly file: string;
  readonly size: number;
}

/** All files of a handler, links followed. */
function sourcesBelow(scope: Construct, directory: string, prefix: string, around: readonly string[]): SourceFile[] {
  const inside = [...around, fs.realpathSync(directory)];
  return visibleIn(directory).flatMap(entry => {
    const name = path.posix.join(prefix, entry);
    const file = path.join(directory, entry);
    const found = fs.statSync(file, { throwIfNoEntry: false });
    if (NO_SOURCE.test(found?.isDirectory() ? `${name}/` : name)) {
      return [];
    }
    if (found?.isDirectory() && !inside.includes(fs.realpathSync(file))) {
      return sourcesBelow(scope, file, name, inside);
    }
    return found?.isFile() ? [{ name, file, size: found.size }]
      : fail(scope, `PacketHandler.fromAsset takes files and directories, got ${JSON.stringify(file)}, which is ${what(found)}`);
  });
}

function what(found?: fs.Stats): string {
  return found === undefined ? 'a link to nothing' : found.isDirectory() ? 'a link to a directory around it' : 'neither';
}

/** Names in a directory but for the hidden ones. */
export function visibleIn(directory: string): string[] {
  return fs.readdirSync(directory).filter(entry => !entry.startsWith('.'));
}

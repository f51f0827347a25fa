// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { packageRoot } from '../../lib/private/package-root';
import { run } from './run';

export type Language = 'python' | 'java' | 'dotnet' | 'go';

/** The package as `npm pack` makes it, and what the jsii tools make of that. */
export class PackedPackage {
  readonly archive: string;
  private readonly unpacked: string;

  /** @param folder an empty folder that is the test's own */
  constructor(private readonly folder: string) {
    // Compiles first (the prepare script), so that what is packed is what the sources say.
    run('npm', ['pack', '--pack-destination', folder], packageRoot());
    const [archive] = fs.readdirSync(folder);
    run('tar', ['-xzf', archive], folder);
    this.archive = path.join(folder, archive);
    this.unpacked = path.join(folder, 'package');
    fs.symlinkSync(path.join(packageRoot(), 'node_modules'), path.join(this.unpacked, 'node_modules'));
  }

  apiReference(): string {
    run(process.execPath, [tool('jsii-docgen'), '--output', path.join(this.folder, 'API.md')], this.unpacked);
    return fs.readFileSync(path.join(this.folder, 'API.md'), 'utf8');
  }

  /** Generates the sources of the packages for other languages; returns the folder that has one for each. */
  generate(languages: readonly Language[]): string {
    const generated = path.join(this.folder, 'generated');
    run(process.execPath, [
      tool('jsii-pacmak'), '--code-only', '--npmignore=false', '--outdir', generated,
      '--pack-command', 'npm pack --ignore-scripts', // it is compiled
      ...languages.flatMap((language) => ['--targets', language]),
    ], this.unpacked);
    return generated;
  }
}

function tool(name: string): string {
  return path.join(packageRoot(), 'node_modules', name, 'bin', name);
}

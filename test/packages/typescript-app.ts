// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { transformSync } from 'esbuild';
import { packageRoot } from '../../lib/private/package-root';
import { run } from './run';
import { Synthesis, synthesise } from './synthesis';

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export function manifest(): Manifest {
  return JSON.parse(fs.readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as Manifest;
}

/** The first TypeScript of README.md, which the apps in other languages repeat line by line. */
function readmeExample(): string {
  const readme = fs.readFileSync(path.join(packageRoot(), 'README.md'), 'utf8');
  const [, code] = /^```ts\n([^]*?)^```$/m.exec(readme)!;
  return code;
}

/**
 * Synthesises the README's example.
 *
 * @param archive what `npm pack` made
 * @param cdk version of aws-cdk-lib: two languages are compared, not two releases of the CDK
 */
export function synthesiseReadme(folder: string, archive: string, cdk: string, constructs = manifest().devDependencies.constructs): Synthesis {
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), '{}');
  fs.writeFileSync(path.join(folder, 'app.js'), transformSync(readmeExample(), { loader: 'ts', format: 'cjs' }).code);
  run('npm', [
    'install', '--no-audit', '--no-fund', '--ignore-scripts',
    '--force', // an older CDK, where another language has none newer
    `aws-cdk-lib@${cdk}`, `constructs@${constructs}`, archive,
  ], folder);
  return synthesise(folder, (env) => run(process.execPath, ['app.js'], folder, env));
}

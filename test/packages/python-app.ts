// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { OtherApp } from './other-app';
import { run, versionOf } from './run';
import { synthesise } from './synthesis';

/** Installed as a user would, in a virtual environment of its own. */
export const pythonApp: OtherApp = {
  needs: 'python3 with venv, and a package index',

  missing: () => (versionOf('python3', '-c', 'import ensurepip, venv') === undefined ? 'there is no python3 with venv' : undefined),

  synthesise(folder, library) {
    run('python3', ['-m', 'venv', 'venv'], folder);
    const python = path.join(folder, 'venv', 'bin', 'python');
    const install = (...what: string[]) => run(python, ['-m', 'pip', 'install', '--quiet', ...what], folder);
    try {
      install(library);
    } catch (error) {
      if (!/No matching distribution found for aws-cdk-lib/.test(String(error))) {
        throw error;
      }
      console.log('the package index has no aws-cdk-lib that is new enough: the newest it has is taken');
      install('aws-cdk-lib');
      install('--no-deps', library);
    }
    fs.copyFileSync(path.join(__dirname, 'python', 'demo.py'), path.join(folder, 'demo.py'));
    return synthesise(folder, (env) => run(python, ['demo.py'], folder, env));
  },
};

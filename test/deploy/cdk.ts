// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../lib/private/package-root';
import type { Cloud } from './stand-in/cloud';

export interface Outcome {
  readonly status: number | null;
  /** Everything the terminal showed, without colours. */
  readonly terminal: string;
}

/** The CDK command line, with the demo app or another, against a stand-in for AWS. */
export class Cdk {
  private readonly home = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-cdk-'));
  /** Two below the root, as lib/private is: the app looks for the package there. */
  private readonly app = path.join(packageRoot(), '.cache', path.basename(this.home), 'app.js');

  private readonly running = new Set<ChildProcess>();

  constructor(private readonly cloud: Cloud, app = 'kernel-bypass.ts') {
    // From the sources, so that no stale build is deployed.
    buildSync({
      entryPoints: [path.join(packageRoot(), 'bin', app)], outfile: this.app,
      bundle: true, platform: 'node', target: 'node20', external: ['aws-cdk-lib', 'constructs'], logLevel: 'warning',
    });
  }

  deploy(dataPlane?: string, ...options: string[]): Promise<Outcome> {
    const context = dataPlane === undefined ? [] : ['--context', `dataPlane=${dataPlane}`];
    return this.run('deploy', '--require-approval', 'never', ...context, ...options);
  }

  destroy(): Promise<Outcome> {
    return this.run('destroy', '--force');
  }

  dispose(): void {
    this.running.forEach((child) => child.kill('SIGKILL')); // after a test that gave up
    fs.rmSync(this.home, { recursive: true, force: true });
    fs.rmSync(path.dirname(this.app), { recursive: true, force: true });
  }

  private run(...args: string[]): Promise<Outcome> {
    const cli = path.join(packageRoot(), 'node_modules', 'aws-cdk', 'bin', 'cdk');
    const own = ['--app', `${process.execPath} ${this.app}`, '--output', path.join(this.home, 'cdk.out'), '--no-notices', '--no-color'];
    const child = spawn(process.execPath, [cli, ...args, ...own], {
      cwd: packageRoot(), // for its cdk.json
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        AWS_ENDPOINT_URL: this.cloud.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        AWS_EC2_METADATA_DISABLED: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CDK_VALIDATION: 'false', // other tests have it on
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.running.add(child);
    let terminal = '';
    const hear = (chunk: Buffer) => {
      terminal += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => {
        this.running.delete(child);
        resolve({ status, terminal });
      });
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface Synthesis {
  readonly template: unknown;
  /** Version of aws-cdk-lib that made it. */
  readonly cdk: string;
}

/** Runs an app that synthesises the stack Demo. */
export function synthesise(folder: string, app: (env: NodeJS.ProcessEnv) => void): Synthesis {
  const assembly = path.join(folder, 'cdk.out');
  app({ CDK_OUTDIR: assembly, CDK_VALIDATION: 'false' });
  const read = (file: string): unknown => JSON.parse(fs.readFileSync(path.join(assembly, file), 'utf8'));
  const { tree } = read('tree.json') as { tree: { constructInfo: { version: string } } };
  return { template: read('Demo.template.json'), cdk: tree.constructInfo.version };
}

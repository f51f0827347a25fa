// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { PackedPackage } from './packed-package';
import { run } from './run';
import { manifest, synthesiseReadme } from './typescript-app';

/*
 * All other tests run with the CDK of `devDependencies`. An older one may lack what is called here, or leave out in
 * silence what it does not know, such as a property of an L2: so the templates are compared, too.
 */

const PATIENCE = 600_000; // two installations
const oldest = (name: string) => manifest().peerDependencies[name].replace(/^\^/, '');

let folder: string;
let packed: PackedPackage;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-oldest-'));
  packed = new PackedPackage(folder);
}, PATIENCE);

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** All but what the CDK says of itself in it. */
function resources(template: unknown): object[] {
  const { Resources } = template as { Resources: Record<string, { Type: string }> };
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type !== 'AWS::CDK::Metadata' && Type !== 'AWS::CloudWatch::Dashboard') // its texts got a background
    .map(([id, resource]) => ({ id, ...resource, Metadata: undefined }));
}

test("the oldest CDK that is accepted gives the newest one's template of the README's ten lines, and can be compiled with", () => {
  const own = path.join(folder, 'oldest');
  const old = synthesiseReadme(own, packed.archive, oldest('aws-cdk-lib'), oldest('constructs'));
  expect(old.cdk).toBe(oldest('aws-cdk-lib'));
  const now = synthesiseReadme(path.join(folder, 'newest'), packed.archive, manifest().devDependencies['aws-cdk-lib']);
  expect(resources(old.template)).toEqual(resources(now.template));
  expect(JSON.stringify(old.template)).toContain('"CpuOptions"');

  fs.writeFileSync(path.join(own, 'app.ts'), "export * from 'cdk-kernel-bypass';\n");
  const tsc = path.join(folder, 'package', 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [
    tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node',
    '--typeRoots', path.join(folder, 'package', 'node_modules', '@types'), 'app.ts',
  ], own);
}, PATIENCE);

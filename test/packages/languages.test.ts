// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { javaApp } from './java-app';
import { PackedPackage } from './packed-package';
import { pythonApp } from './python-app';
import { synthesiseReadme } from './typescript-app';

const PATIENCE = 600_000; // the first time, everything is fetched

let folder: string;
let packed: PackedPackage;
let generated: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-languages-'));
  packed = new PackedPackage(folder);
  generated = packed.generate(['python', 'java']);
}, PATIENCE);

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe.each([
  ['python', pythonApp],
  ['java', javaApp],
] as const)('%s', (language, app) => {
  const missing = app.missing();
  if (missing !== undefined) {
    console.log(`${language} is skipped: ${missing}`);
  }

  (missing === undefined ? test : test.skip)(`gives the template of the README's ten lines (needs ${app.needs})`, () => {
    const own = fs.mkdtempSync(path.join(folder, `${language}-`));
    const { template, cdk } = app.synthesise(own, path.join(generated, language));
    const reference = synthesiseReadme(path.join(own, 'reference'), packed.archive, cdk);
    expect(template).toEqual(reference.template);
    expect(JSON.stringify(template)).toContain('AWS::CloudFormation::WaitCondition');
  }, PATIENCE);
});

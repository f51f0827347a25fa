// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { packageRoot } from '../../lib/private/package-root';
import { PackedPackage } from './packed-package';

const PATIENCE = 300_000; // compiling and generating

let folder: string;
let packed: PackedPackage;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-packages-'));
  packed = new PackedPackage(folder);
}, PATIENCE);

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('API.md says what the sources say (npm run docs)', () => {
  expect(packed.apiReference()).toBe(fs.readFileSync(path.join(packageRoot(), 'API.md'), 'utf8'));
}, PATIENCE);

test('there is a package for each language', () => {
  const generated = packed.generate(['python', 'java', 'dotnet', 'go']);
  const read = (file: string) => fs.readFileSync(path.join(generated, file), 'utf8');
  expect(read('python/src/cdk_kernel_bypass/__init__.py')).toContain('class LowLatencyInstance(');
  expect(read('java/src/main/java/io/github/cdkkernelbypass/LowLatencyInstance.java')).toContain('public class LowLatencyInstance extends');
  expect(read('dotnet/CdkKernelBypass/CdkKernelBypass/LowLatencyInstance.cs')).toContain('public class LowLatencyInstance :');
  expect(read('go/cdkkernelbypass/LowLatencyInstance.go')).toContain('func NewLowLatencyInstance(');
}, PATIENCE);

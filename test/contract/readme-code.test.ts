// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ts from 'typescript';
import * as library from '../../lib';
import { packageRoot } from '../../lib/private/package-root';
import { codeBlocks } from './documents';

/*
 * The README read as one program, top to bottom: what one snippet defines, the next ones use. Only what it leaves to
 * the reader is added here: a VPC, and the imports of this library's names.
 */

const LEFT_TO_THE_READER = "const vpc = new Vpc(stack, 'YourVpc');\n";
const SNIPPETS = codeBlocks('README.md').filter(({ language }) => language === 'ts').map(({ code }) => code);
const IMPORT = /^import .*;$/gm;

function program(): string {
  const imports = SNIPPETS.flatMap((code) => code.match(IMPORT) ?? []);
  const [first, ...rest] = SNIPPETS.map((code) => code.replace(IMPORT, ''));
  const code = [first, LEFT_TO_THE_READER, ...rest].join('\n');
  const known = new Set(imports.flatMap((line) => line.match(/\w+/g)));
  const missing = Object.keys(library).filter((name) => !known.has(name) && new RegExp(`\\b${name}\\b`).test(code));
  return [...imports, `import { ${missing.join(', ')} } from 'cdk-kernel-bypass';`, code, 'export { stack };'].join('\n');
}

test('its snippets compile', () => {
  const file = path.join(packageRoot(), 'test', 'contract', 'readme.ts');
  const { options } = ts.getParsedCommandLineOfConfigFile('tsconfig.dev.json', {
    noEmit: true, paths: { 'cdk-kernel-bypass': [path.join(packageRoot(), 'lib', 'index.ts')] },
  }, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: ({ messageText }) => { throw new Error(`${messageText as string}`); } })!;
  const host = ts.createCompilerHost(options);
  const [readFile, fileExists] = [host.readFile.bind(host), host.fileExists.bind(host)];
  host.readFile = (name) => (name === file ? program() : readFile(name));
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, target) => {
    const text = host.readFile(name);
    return text === undefined ? undefined : ts.createSourceFile(name, text, target);
  };
  const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .filter((diagnostic) => diagnostic.file === undefined || diagnostic.file.fileName === file)
    .map(({ messageText, start, file: source }) => {
      const line = source === undefined ? '' : source.text.slice(source.text.lastIndexOf('\n', start) + 1).split('\n')[0];
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  expect(SNIPPETS.length).toBeGreaterThan(5);
  expect(problems).toEqual([]);
}, 120_000);

test('its snippets synthesise', () => {
  const { outputText } = ts.transpileModule(program(), { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  const exported: { stack?: Stack } = {};
  const snapshots: string[] = [];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- running the README is the test
  new Function('require', 'exports', 'expect', outputText)(
    (name: string): unknown => (name === 'cdk-kernel-bypass' ? library : jest.requireActual(name)),
    exported,
    (value: unknown) => ({ toMatchSnapshot: () => snapshots.push(JSON.stringify(value)) }),
  );
  expect(snapshots).toEqual([expect.stringContaining('KB_PLANE')]);
  const types = Object.values(Template.fromStack(exported.stack!).toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
  expect(types).toEqual(expect.arrayContaining([
    'AWS::EC2::Instance', 'AWS::AutoScaling::AutoScalingGroup', 'AWS::CloudWatch::Alarm', 'AWS::EC2::TransitGatewayMulticastDomain',
  ]));
}, 120_000);

const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);

(compiler === undefined ? test.skip : test)('its packet handler compiles without a warning (needs a C compiler)', () => {
  const [{ code }] = codeBlocks('README.md').filter(({ language }) => language === 'c');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-readme-'));
  try {
    fs.writeFileSync(path.join(folder, 'kb_handler.c'), code);
    const { status, stderr } = spawnSync(compiler!, [
      '-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-I', path.join(packageRoot(), 'assets', 'dataplane', 'include'),
      '-c', 'kb_handler.c', '-o', 'kb_handler.o',
    ], { cwd: folder, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

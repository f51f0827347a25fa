// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { packageRoot } from '../../lib/private/package-root';
import { packageEntries } from '../../lib/private/host-assets';

/*
 * What a user gets: the package as `npm pack` makes it, installed into an app of its own. Dependencies are linked from
 * here, which is quick and needs no network.
 */

const LINKED = ['aws-cdk-lib', 'constructs', 'jest', 'ts-jest', 'typescript', '@types/jest', '@types/node'];
const PATIENCE = 300_000; // a compiler, an app and a test runner, on whatever machine this is

let app: string;
let packed: string[];
const installed = (...parts: string[]) => path.join(app, 'node_modules', 'cdk-kernel-bypass', ...parts);

/** Runs a program in the app; throws with its output when it fails. */
function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): string {
  const done = spawnSync(program, args, { cwd: app, encoding: 'utf8', env: { ...process.env, CDK_VALIDATION: 'false', ...env } });
  if (done.status !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}\n${done.stderr}`);
  }
  return done.stdout;
}

beforeAll(() => {
  app = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-user-'));
  // Compiles first (the prepare script), so that the package holds what the sources say.
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', app], {
    cwd: packageRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
  });
  // The prepare script prints before the JSON.
  const [manifest] = JSON.parse(output.slice(output.indexOf('[\n  {'))) as { filename: string; files: { path: string }[] }[];
  packed = manifest.files.map(file => file.path);
  fs.mkdirSync(installed(), { recursive: true });
  execFileSync('tar', ['-xzf', path.join(app, manifest.filename), '-C', installed(), '--strip-components=1']);
  for (const name of LINKED) {
    fs.mkdirSync(path.dirname(path.join(app, 'node_modules', name)), { recursive: true });
    fs.symlinkSync(path.join(packageRoot(), 'node_modules', name), path.join(app, 'node_modules', name));
  }
  const fixtures = path.join(__dirname, 'user-app');
  fs.cpSync(fixtures, app, { recursive: true });
}, PATIENCE);

afterAll(() => {
  fs.rmSync(app, { recursive: true, force: true });
});

test('holds neither tests nor sources of ours, and nothing that was built for this machine', () => {
  expect(packed.filter(file => /^(test|node_modules|cdk\.out|\.ci)\//.test(file))).toEqual([]);
  expect(packed.filter(file => /^(lib|bin)\/.*(?<!\.d)\.ts$/.test(file))).toEqual([]);
  expect(packed.filter(file => /^assets\/dataplane\/(tests|fuzz|build)/.test(file))).toEqual([]);
});

test('holds what it needs to work', () => {
  expect(packed).toEqual(expect.arrayContaining(['package.json', '.jsii', 'LICENSE', 'README.md', 'lib/index.js', 'lib/index.d.ts', 'bin/kb.js']));
});

test('holds every file that goes to the host', () => {
  const toHost = packageEntries().map(entry => (entry.path.startsWith('userdata/') ? entry.path : `assets/${entry.path}`));
  expect(toHost.length).toBeGreaterThan(50);
  expect([...toHost, 'userdata/bootstrap.sh'].filter(file => !packed.includes(file))).toEqual([]);
});

test('needs nothing but its peers', () => {
  const manifest = JSON.parse(fs.readFileSync(installed('package.json'), 'utf8')) as Record<string, object | undefined>;
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(manifest.peerDependencies).toEqual({ 'aws-cdk-lib': '^2.250.0', 'constructs': '^10.5.0' });
});

test("a user's app compiles and synthesises", () => {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  run(process.execPath, ['app.js'], { CDK_OUTDIR: path.join(app, 'cdk.out') });
  const template = JSON.parse(fs.readFileSync(path.join(app, 'cdk.out', 'Trading.template.json'), 'utf8')) as { Resources: Record<string, { Type: string }> };
  expect(Object.values(template.Resources).map(resource => resource.Type)).toContain('AWS::CloudFormation::WaitCondition');
  const [archive] = fs.readdirSync(path.join(app, 'cdk.out')).filter(file => file.endsWith('.tar'));
  const files = execFileSync('tar', ['-tf', path.join(app, 'cdk.out', archive)], { encoding: 'utf8' }).split('\n');
  expect(files).toEqual(expect.arrayContaining(['handler/kb_handler.c', 'userdata/steps/install', 'dataplane/meson.build']));
}, PATIENCE);

test("a user's snapshot test writes its snapshot and then holds it", () => {
  const jest = ['node_modules/jest/bin/jest.js', '--rootDir', app, '--testTimeout', '60000'];
  run(process.execPath, [...jest, '--ci=false']);
  const [snapshot] = fs.readdirSync(path.join(app, '__snapshots__'));
  expect(fs.readFileSync(path.join(app, '__snapshots__', snapshot), 'utf8')).toContain('KB_PLANE="afxdp"');
  run(process.execPath, [...jest, '--ci']);
}, PATIENCE);

test('another version of the library alone changes no template', () => {
  const template = (outdir: string) => {
    run(process.execPath, ['app.js'], { CDK_OUTDIR: path.join(app, outdir) });
    return fs.readFileSync(path.join(app, outdir, 'Trading.template.json'), 'utf8');
  };
  const before = template('before.out');
  // What a release changes: the manifests, and what jsii notes in each compiled class.
  const { version } = JSON.parse(fs.readFileSync(installed('package.json'), 'utf8')) as { version: string };
  const bumped = packed.filter(file => /^(package\.json|\.jsii|lib\/.*\.js)$/.test(file)).filter(file => {
    const text = fs.readFileSync(installed(file), 'utf8');
    fs.writeFileSync(installed(file), text.replaceAll(`"${version}"`, '"99.0.0"'));
    return text.includes(`"${version}"`);
  });
  expect(bumped).toEqual(expect.arrayContaining(['package.json', '.jsii', 'lib/low-latency-instance.js']));
  expect(template('after.out')).toBe(before);
}, PATIENCE);

test('the command line needs nothing that is not packed', () => {
  // The AWS SDK is bundled, since a construct library must not bring dependencies of its command line along.
  const sdk = "const { ec2Sdk, serviceQuotasSdk } = require('cdk-kernel-bypass/bin/preflight/sdk'); "
    + "console.log(typeof ec2Sdk().EC2Client, typeof serviceQuotasSdk().ServiceQuotasClient)";
  expect(run(process.execPath, ['-e', sdk])).toBe('function function\n');
  const plan = `require('cdk-kernel-bypass/bin/lab/plan').synthesisePlan('dpdk', ${JSON.stringify(path.join(app, 'lab.out'))})`
    + '.then(plan => console.log(plan.KB_PLANE))';
  expect(run(process.execPath, ['-e', plan])).toBe('dpdk\n');
}, PATIENCE);

test('the command line works', () => {
  const kb = [installed('bin', 'kb.js')];
  expect(run(process.execPath, [...kb, 'advise', '--pps', '150000', '--p99', '50us'])).toMatch(/^AF_XDP with an eBPF filter\n/);
  expect(run(process.execPath, [...kb, '--help'])).toMatch(/^usage: kb COMMAND/);
});

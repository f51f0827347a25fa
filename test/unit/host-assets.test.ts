// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { hostAsset, packageEntries } from '../../lib/private/host-assets';
import { packageRoot } from '../../lib/private/package-root';

const { TMPDIR } = process.env;
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-test-'));
  process.env.TMPDIR = folder; // other tests use the usual one at the same time
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
  if (TMPDIR === undefined) {
    delete process.env.TMPDIR;
  } else {
    process.env.TMPDIR = TMPDIR;
  }
});

/** Mode and name of every file in a synthesised archive. */
function list(archive: string): string[] {
  return execFileSync('tar', ['-tvf', archive], { encoding: 'utf8' }).trim().split('\n')
    .map(line => line.split(/\s+/)).map(fields => `${fields[0]} ${fields[5]}`);
}

function synth(handler?: string): { archive: string; sha256: string } {
  const app = new App({ outdir: fs.mkdtempSync(path.join(folder, 'out-')) });
  const stack = new Stack(app, 'Demo');
  const { sha256 } = hostAsset(stack, 'HostAsset', handler);
  app.synth();
  const archives = fs.readdirSync(app.outdir).filter(file => /^asset\..*\.tar$/.test(file));
  expect(archives).toHaveLength(1);
  return { archive: path.join(app.outdir, archives[0]), sha256 };
}

test('the archive in the assembly has the hash in the plan', () => {
  const { archive, sha256 } = synth();
  expect(createHash('sha256').update(fs.readFileSync(archive)).digest('hex')).toBe(sha256);
});

test('holds what the host needs, where ARCHITECTURE.md says', () => {
  const files = list(synth().archive);
  expect(files).toEqual(expect.arrayContaining([
    '-rw-r--r-- cloudwatch/agent.json',
    '-rw-r--r-- dataplane/include/kb/handler.h',
    '-rw-r--r-- dataplane/meson.build',
    '-rw-r--r-- systemd/kb.target',
    '-rwxr-xr-x userdata/steps/install',
    '-rw-r--r-- userdata/lib/common.sh',
  ]));
  expect(files.filter(file => /dataplane\/(tests|fuzz|examples|build)|bootstrap\.sh|\.d\.ts|\.md$/.test(file))).toEqual([]);
});

test('leaves no archive behind in the temporary folder', () => {
  synth();
  expect(fs.readdirSync(folder)).toEqual([expect.stringMatching(/^out-/)]);
});

test('takes the handler of the user along', () => {
  const handler = path.join(folder, 'handler');
  fs.mkdirSync(path.join(handler, 'book'), { recursive: true });
  fs.writeFileSync(path.join(handler, 'kb_handler.c'), 'int a;\n');
  fs.writeFileSync(path.join(handler, 'book', 'book.h'), 'int b;\n');
  for (const stray of ['.hidden', 'README.md', 'kb_handler.o', 'kb_handler.c~', 'build-test/x.c', 'cdk.out/asset.tar', 'node_modules/a/a.c']) {
    fs.mkdirSync(path.dirname(path.join(handler, stray)), { recursive: true });
    fs.writeFileSync(path.join(handler, stray), '');
  }
  const { archive, sha256 } = synth(handler);
  expect(list(archive).filter(file => file.includes(' handler/'))).toEqual([
    '-rw-r--r-- handler/book/book.h', '-rw-r--r-- handler/kb_handler.c',
  ]);
  fs.writeFileSync(path.join(handler, 'kb_handler.c'), 'int c;\n');
  expect(synth(handler).sha256).not.toBe(sha256);
});

test('follows links in the folder of a handler', () => {
  const handler = path.join(folder, 'handler');
  fs.mkdirSync(path.join(folder, 'common'));
  fs.mkdirSync(handler);
  fs.writeFileSync(path.join(handler, 'kb_handler.c'), '');
  fs.writeFileSync(path.join(folder, 'common', 'book.h'), '');
  fs.symlinkSync('../common', path.join(handler, 'common'));
  fs.symlinkSync('../common/book.h', path.join(handler, 'own.h'));
  expect(list(synth(handler).archive).filter(file => file.includes(' handler/'))).toEqual([
    '-rw-r--r-- handler/common/book.h', '-rw-r--r-- handler/kb_handler.c', '-rw-r--r-- handler/own.h',
  ]);
});

test('fails on a directory without a handler', () => {
  expect(() => synth(folder)).toThrow(new Error(
    `PacketHandler.fromAsset needs a directory that holds kb_handler.c, got "${folder}" (${folder}) (at Demo)`));
});

test('does not depend on file modes, which packaging loses', () => {
  for (const entry of packageEntries()) {
    expect([entry.path, entry.mode]).toEqual([entry.path, /^userdata\/(bin|steps|checks)\//.test(entry.path) ? 0o755 : 0o644]);
  }
});

test('the package root is the folder of package.json', () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { name: string };
  expect(manifest.name).toBe('cdk-kernel-bypass');
});

// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { tar } from '../../lib/private/tar';

const entry = (path: string, text = path, mode = 0o644) => ({ path, mode, content: Buffer.from(text) });

test('tar(1) reads it', () => {
  const archive = tar([entry('b/run', '#!/bin/sh\n', 0o755), entry('a', ''), entry('c', 'x'.repeat(513))]);
  const listed = spawnSync('tar', ['-tvf', '-', '--numeric-owner', '--utc'], { input: archive, encoding: 'utf8' });
  expect(listed.stderr).toBe('');
  expect(listed.stdout.trim().split('\n').map(line => line.split(/\s+/))).toEqual([
    ['-rw-r--r--', '0/0', '0', '1970-01-01', '00:00', 'a'],
    ['-rwxr-xr-x', '0/0', '10', '1970-01-01', '00:00', 'b/run'],
    ['-rw-r--r--', '0/0', '513', '1970-01-01', '00:00', 'c'],
  ]);
  const content = spawnSync('tar', ['-xOf', '-', 'c'], { input: archive, encoding: 'utf8' });
  expect(content.stdout).toBe('x'.repeat(513));
});

test('does not depend on the order of its entries', () => {
  expect(tar([entry('a'), entry('b'), entry('A')])).toEqual(tar([entry('b'), entry('A'), entry('a')]));
});

test('an empty one is two blocks of zeros', () => {
  expect(tar([])).toEqual(Buffer.alloc(1024));
});

test('fails on a path that ustar would split', () => {
  expect(() => tar([entry('x'.repeat(101), '')])).toThrow(`a packed file's path must have at most 100 bytes, got "${'x'.repeat(101)}"`);
});

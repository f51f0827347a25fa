// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { alone } from '../../../bin/vm/alone';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-alone-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test('one after the other, and nothing is left', async () => {
  const name = path.join(folder, 'image');
  let inside = 0;
  const use = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
    return 'made';
  };
  expect(await Promise.all([alone(name, use), alone(name, use), alone(name, use)])).toEqual(['made', 'made', 'made']);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a failure lets the next one in', async () => {
  const name = path.join(folder, 'image');
  await expect(alone(name, () => Promise.reject(new Error('no space')))).rejects.toThrow('no space');
  expect(await alone(name, () => Promise.resolve('made'))).toBe('made');
});

test('who was killed is not waited for', async () => {
  const name = path.join(folder, 'image');
  fs.writeFileSync(`${name}.lock`, '4194305'); // above the largest process id there can be
  expect(await alone(name, () => Promise.resolve('made'))).toBe('made');
});

// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { App, Stack } from 'aws-cdk-lib';
import { renderUserData } from '../../lib/private/bootstrap';
import type { Plane } from '../../lib/private/host-plan';
import type { PlanValues } from '../../lib/private/plan-keys';
import { plan } from '../unit/fixtures/plan-input';

const PLANES: Plane[] = ['kernel', 'xdp', 'afxdp', 'dpdk'];
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

function values(plane: Plane): PlanValues {
  return {
    ...plan({ dataPlane: { plane, handler: { name: 'custom', args: { depth: '10', mode: 'a,b' }, problems: [] } } }).values,
    KB_ASSET_SHA256: '0'.repeat(64),
    KB_ASSET_URL: 'https://s3.eu-west-1.amazonaws.com/bucket/key.tar',
    KB_REGION: 'eu-west-1',
    KB_SIGNAL_URL: 'https://cloudformation-waitcondition-eu-west-1.s3.amazonaws.com/arn%3Aaws?X-Amz-Signature=0a&X-Amz-Date=1',
  };
}

const userData = (plane: Plane) => renderUserData(new Stack(new App(), 'Demo'), values(plane));

function pipe(command: string, args: string[], input: string): { status: number | null; output: string } {
  const done = spawnSync(command, args, { input, encoding: 'utf8' });
  return { status: done.status, output: done.stdout + done.stderr };
}

test.each(PLANES)('%s: bash parses it', plane => {
  expect(pipe('bash', ['-n'], userData(plane))).toEqual({ status: 0, output: '' });
});

(hasShellcheck ? test : test.skip).each(PLANES)('%s: shellcheck has nothing to say', plane => {
  // SC1091: the script sources its own tail through a pipe, which shellcheck cannot follow.
  expect(pipe('shellcheck', ['--exclude=SC1091', '-'], userData(plane))).toEqual({ status: 0, output: '' });
});

test.each(PLANES)('%s: bash reads the plan back as it was decided', plane => {
  const lines = userData(plane).split('# kb-plan\n')[1];
  const print = `${lines}\nfor key in \${!KB_@}; do printf '%s=%s\\n' "$key" "\${!key}"; done\n`;
  const { status, output } = pipe('env', ['-i', 'bash', '-eu'], print);
  const read = Object.fromEntries(output.trimEnd().split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  expect([status, read]).toEqual([0, values(plane)]);
});

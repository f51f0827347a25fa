// SPDX-License-Identifier: Apache-2.0
import { Fn, Stack } from 'aws-cdk-lib';
import { bootstrapScript, renderUserData } from '../../lib/private/bootstrap';
import type { PlanValues } from '../../lib/private/plan-keys';
import { renderPlanEnv } from '../../lib/private/plan-keys';
import { plan } from './fixtures/plan-input';

const values = (change: Partial<PlanValues> = {}): PlanValues => ({
  ...plan().values, KB_ASSET_SHA256: '0'.repeat(64), KB_ASSET_URL: 'a', KB_REGION: 'b', KB_SIGNAL_URL: 'c', ...change,
});
const room = 16384 - Buffer.byteLength(bootstrapScript()) - Buffer.byteLength(renderPlanEnv(values({ KB_KERNEL_ARGS: '' })));

test('is the script and the plan', () => {
  expect(renderUserData(new Stack(), values())).toBe(bootstrapScript() + renderPlanEnv(values()));
});

test('the script ends where the plan begins', () => {
  expect(bootstrapScript()).toMatch(/\nexit 0\n# kb-plan\n$/);
});

test('may have 16384 bytes and no more', () => {
  expect(Buffer.byteLength(renderUserData(new Stack(), values({ KB_KERNEL_ARGS: 'x'.repeat(room) })))).toBe(16384);
  expect(() => renderUserData(new Stack(), values({ KB_KERNEL_ARGS: 'x'.repeat(room + 1) }))).toThrow(
    `user data may have at most 16384 bytes, got 16385; the largest value is KB_KERNEL_ARGS with ${room + 1} bytes (at Default)`);
});

test('counts what a token may become, not what it looks like', () => {
  const KB_SIGNAL_URL = Fn.ref('Handle');
  expect(() => renderUserData(new Stack(), values({ KB_SIGNAL_URL, KB_KERNEL_ARGS: 'x'.repeat(room + 1 - 1024) }))).not.toThrow();
  expect(() => renderUserData(new Stack(), values({ KB_SIGNAL_URL, KB_KERNEL_ARGS: 'x'.repeat(room + 2 - 1024) }))).toThrow(/got 16385;/);
});

test('fails on a value that the script would refuse', () => {
  expect(() => renderUserData(new Stack(), values({ KB_PACKAGE_BASE_URL: '$(reboot)' }))).toThrow(/^'packageBaseUrl' must be an address such as/);
});

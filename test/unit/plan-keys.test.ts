// SPDX-License-Identifier: Apache-2.0
import { checkPlanValues, PLAN_KEY_NAMES, renderPlanEnv } from '../../lib/private/plan-keys';
import type { PlanValues } from '../../lib/private/plan-keys';
import { plan } from './fixtures/plan-input';

const whole = (change: Partial<PlanValues> = {}): PlanValues => ({
  ...plan().values, KB_ASSET_SHA256: '0'.repeat(64), KB_ASSET_URL: 'https://s3.eu-west-1.amazonaws.com/b/k.tar',
  KB_REGION: 'eu-west-1', KB_SIGNAL_URL: 'https://example.com/?a=b&c=%2F', ...change,
});
const isToken = (value: string) => value.startsWith('${Token');

test('renders one line per key, in the table\'s order', () => {
  const lines = renderPlanEnv(whole()).trimEnd().split('\n');
  expect(lines.map(line => line.split('=')[0])).toEqual(PLAN_KEY_NAMES);
  expect(lines).toContain('KB_SIGNAL_URL="https://example.com/?a=b&c=%2F"');
});

test('accepts what a plan decides', () => {
  expect(checkPlanValues(whole(), isToken)).toEqual([]);
});

test.each<[Partial<PlanValues>, string]>([
  [{ KB_SIGNAL_URL: 'a"b' }, 'KB_SIGNAL_URL must match ^[^"`$\\\\\\p{Cc}]*$, got "a\\"b"'],
  [{ KB_KERNEL_ARGS: 'a\nKB_PLANE="x"' }, 'KB_KERNEL_ARGS must match ^[^"`$\\\\\\p{Cc}]*$, got "a\\nKB_PLANE=\\"x\\""'],
  [{ KB_KERNEL_ARGS: '$(reboot)' }, 'KB_KERNEL_ARGS must match ^[^"`$\\\\\\p{Cc}]*$, got "$(reboot)"'],
  [{ KB_KERNEL_ARGS: 'quiet\0' }, 'KB_KERNEL_ARGS must match ^[^"`$\\\\\\p{Cc}]*$, got "quiet\\u0000"'],
  [{ KB_HANDLER_ARGS: 'a=\u0007' }, 'KB_HANDLER_ARGS must match ^([a-z0-9_-]+=[^\\s"`$\\\\\\p{Cc}]+( |$))*$, got "a=\\u0007"'],
  [{ KB_PACKAGE_BASE_URL: 'mirror.example' }, "'packageBaseUrl' must be an address such as https://mirror.example.com/sources, without spaces, quotes, $ and `, got \"mirror.example\""],
  [{ KB_PLANE: 'onload' }, 'KB_PLANE must match ^(kernel|xdp|afxdp|dpdk)$, got "onload"'],
  [{ KB_STATSD: '0.0.0.0:8125' }, 'KB_STATSD must match ^127\\.0\\.0\\.1:\\d+$, got "0.0.0.0:8125"'],
  [{ KB_QUEUES: '${Token[1]}' }, 'KB_QUEUES must be known at synth, got a token'],
])('refuses %j', (change, message) => {
  expect(checkPlanValues(whole(change), isToken)).toEqual([message]);
});

test('accepts a token where only the stack knows', () => {
  expect(checkPlanValues(whole({ KB_SIGNAL_URL: '${Token[1]}', KB_REGION: '${Token[2]}' }), isToken)).toEqual([]);
});

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { fail, Findings } from './fail';
import { packageRoot } from './package-root';
import type { PlanKeyName, PlanValues } from './plan-keys';
import { checkPlanValues, PLAN_KEY_NAMES, planKey, renderPlanEnv } from './plan-keys';

/** EC2's limit, before base64. */
const MAX_USER_DATA = 16384;

/** bootstrap.sh, which finds the plan below its last line. */
export function bootstrapScript(): string {
  return fs.readFileSync(path.join(packageRoot(), 'userdata', 'bootstrap.sh'), 'utf8');
}

/** The whole user data: the script and the plan's lines. Refuses what EC2 or the script would refuse. */
export function renderUserData(scope: Construct, values: PlanValues): string {
  const findings = new Findings();
  checkPlanValues(values, value => Token.isUnresolved(value)).forEach(message => findings.add(message));
  findings.throwIfAny(scope);

  const script = bootstrapScript();
  const size = Buffer.byteLength(script) + planBytes(values);
  if (size > MAX_USER_DATA) {
    const [largest, bytes] = PLAN_KEY_NAMES.map(name => [name, valueBytes(name, values[name])] as const)
      .reduce((a, b) => (b[1] > a[1] ? b : a));
    fail(scope, `user data may have at most ${MAX_USER_DATA} bytes, got ${size}; the largest value is ${largest} with ${bytes} bytes`);
  }
  return `${script}${renderPlanEnv(values)}`;
}

function planBytes(values: PlanValues): number {
  return PLAN_KEY_NAMES.reduce((sum, name) => sum + Buffer.byteLength(`${name}=""\n`) + valueBytes(name, values[name]), 0);
}

/** What a value will take once it is known. */
function valueBytes(name: PlanKeyName, value: string): number {
  return Token.isUnresolved(value) ? planKey(name).tokenBytes ?? 0 : Buffer.byteLength(value);
}

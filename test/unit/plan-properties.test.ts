// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { parsePlan } from '../../bin/lab/plan';
import { DataInterface, HostOs } from '../../lib';
import { planFor } from '../../lib/private/host-plan';
import type { PlanOutcome } from '../../lib/private/host-plan';
import { instanceFacts } from '../../lib/private/instance-facts';
import { planInput } from '../../lib/private/plan-input';
import type { PlanValues } from '../../lib/private/plan-keys';
import { checkPlanValues, PLAN_KEY_NAMES, renderPlanEnv } from '../../lib/private/plan-keys';
import type { HostProps } from './fixtures/arbitrary-props';
import { hostProps, runs } from './fixtures/arbitrary-props';

/* What holds for the plan of any props. KB_PROPERTY_RUNS asks for more runs than these, with other props each time. */

const DEPLOY_TIME = {
  KB_SIGNAL_URL: 'https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/arn%3Aaws?X-Amz-Date=1&X-Amz-Signature=a%2Fb',
  KB_REGION: 'eu-west-1',
  KB_ASSET_URL: 'https://s3.eu-west-1.amazonaws.com/assets/a.tar',
  KB_ASSET_SHA256: 'a'.repeat(64),
};

function outcomeOf(props: HostProps): PlanOutcome {
  const dataInterface = (props.dataInterface ?? DataInterface.of())._bind();
  const system = props.os ?? HostOs.amazonLinux2023();
  const input = planInput({ vpc: undefined as never, ...props }, 'Demo-Feed', props.instanceType!, system, dataInterface);
  return planFor({ ...input, facts: instanceFacts(input.instanceType) });
}

/** The plans of what is accepted among props, by the text that goes to the host. */
function acceptedPlans(temper: 'sensible' | 'careless', few: number): { accepted: PlanValues[]; refused: number } {
  const outcomes = fc.sample(hostProps(temper), runs<HostProps>(few)).map(outcomeOf);
  const accepted = outcomes.flatMap(({ plan }) => (plan ? [{ ...plan.values, ...DEPLOY_TIME }] : []))
    .filter(values => checkPlanValues(values, () => false).length === 0);
  return { accepted, refused: outcomes.length - accepted.length };
}

/** The values as bash has them after it read each text; any other variable it would set is a failure. */
function readByBash(plans: readonly string[]): Record<string, string>[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-plans-'));
  try {
    plans.forEach((text, i) => fs.writeFileSync(path.join(folder, `${i}.env`), text));
    const script = 'for ((i = 0; i < $2; i++)); do (set -eu; source "$1/$i.env"; for key in "${@:3}"; do printf "%s\\0" "${!key}"; done); done';
    const done = spawnSync('bash', ['--norc', '-c', script, 'bash', folder, `${plans.length}`, ...PLAN_KEY_NAMES],
      { encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, maxBuffer: 256 << 20 });
    expect([done.status, done.stderr]).toEqual([0, '']);
    const values = done.stdout.split('\0');
    return plans.map((_, i) => Object.fromEntries(PLAN_KEY_NAMES.map((name, k) => [name, values[i * PLAN_KEY_NAMES.length + k]])));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

test('most sensible props are accepted', () => {
  const { accepted, refused } = acceptedPlans('sensible', 300);
  expect(accepted.length).toBeGreaterThan(refused);
});

test.each(['sensible', 'careless'] as const)('the plan of %s props reads the same in bash and here', temper => {
  const { accepted } = acceptedPlans(temper, 300);
  const texts = accepted.map(renderPlanEnv);
  expect(texts.length).toBeGreaterThan(10);
  expect(readByBash(texts)).toEqual(accepted);
  expect(texts.map(parsePlan)).toEqual(accepted);
}, 60_000);

test.each(['sensible', 'careless'] as const)('%s props give a plan of the right form, or sentences that say what is wrong', temper => {
  fc.assert(fc.property(hostProps(temper), props => {
    const { plan, findings } = outcomeOf(props);
    if (plan) {
      const wrong = checkPlanValues({ ...plan.values, ...DEPLOY_TIME }, () => false);
      // A mirror's address is the only text that is copied unseen; the construct checks it with the whole plan.
      expect(wrong.filter(message => !message.startsWith("'packageBaseUrl'"))).toEqual([]);
    } else {
      expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) {
        expect(finding).toMatch(/^[^\n]{20,600}$/);
        expect(finding).not.toMatch(/undefined|\[object|null/);
        expect(finding).toMatch(/'\w+|CPU \d|instance type|huge pages|kernel argument|sysctl|handler|fan-out/);
      }
    }
  }), runs<[HostProps]>(1000));
}, 60_000);

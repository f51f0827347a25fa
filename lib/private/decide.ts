// SPDX-License-Identifier: Apache-2.0
import { Annotations, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TOKEN_AMOUNT } from './amounts';
import { fail, Findings } from './fail';
import type { HostPlan, PlanInput, PlanOutcome } from './host-plan';
import { planFor } from './host-plan';
import { instanceFacts } from './instance-facts';

/** The plan for a construct's choices; throws with everything that is wrong with them, warns of what surprises. */
export function decide(scope: Construct, input: PlanInput): HostPlan {
  const { plan, warnings } = planOrFail(scope, input);
  for (const { id, message } of warnings) {
    Annotations.of(scope).addWarningV2(`cdk-kernel-bypass:${id}`, message);
  }
  return plan;
}

/** The same in silence. */
export function planOrFail(scope: Construct, input: PlanInput): Extract<PlanOutcome, { plan: HostPlan }> {
  const findings = new Findings();
  refuseTokens(input, '', findings);
  findings.throwIfAny(scope);
  const outcome = planFor({ ...input, facts: input.facts ?? instanceFacts(input.instanceType) });
  if (!outcome.plan) {
    outcome.findings.forEach(message => findings.add(message));
    findings.throwIfAny(scope);
    fail(scope, 'no plan');
  }
  return outcome;
}

/** What users call it, where the plan's input has another name or unit. */
const OF_USERS: Readonly<Record<string, string>> = {
  bootTimeoutSeconds: 'bootTimeout',
  unhealthyAfterSeconds: 'unhealthyAfter',
  udpTimeoutSeconds: 'udpTimeout',
  udpStreamTimeoutSeconds: 'udpStreamTimeout',
  socketBufferKiB: 'socketBuffer',
  memoryGiB: 'memory',
  interfaces: 'maximumNetworkInterfaces',
  defaultQueues: 'defaultEnaQueueCount',
  maxQueues: 'maximumEnaQueueCount',
  to: 'subscribers',
  subscribers: 'subscribersFile',
};

/** Decisions rest on values, so values must be there: a token is a value of deploy time. */
function refuseTokens(value: unknown, name: string, findings: Findings): void {
  if (Token.isUnresolved(value) || value === TOKEN_AMOUNT) {
    findings.add(`'${OF_USERS[name] ?? name}' must be known at synth, got a token`);
  } else if (Array.isArray(value)) {
    value.forEach(item => refuseTokens(item, name, findings));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      // A mirror's address decides nothing; it is copied into the plan. Problems have been put into words.
      if (key !== 'packageBaseUrl' && key !== 'problems') {
        refuseTokens(item, key, findings);
      }
    }
  }
}

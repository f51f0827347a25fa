// SPDX-License-Identifier: Apache-2.0
import { explainAwsError, isCredentialsError, isDenied } from './aws-error';
import { Check, Subject } from './check';
import { capabilities } from './checks/capabilities';
import { clock } from './checks/clock';
import { dryRun } from './checks/dry-run';
import { hardwareClock } from './checks/hardware-clock';
import { image } from './checks/image';
import { interfaces } from './checks/interfaces';
import { offering } from './checks/offering';
import { quota } from './checks/quota';
import { reservation } from './checks/reservation';
import { subnet } from './checks/subnet';
import { fail, Finding, skip } from './finding';
import { Session } from './session';
import { Target } from './target';
import { CommandError } from '../commands/command-error';

/** In the order in which one would ask: can it be had, does it fit, would EC2 take it. */
export const CHECKS: readonly Check[] = [
  offering, quota, reservation, capabilities, interfaces, image, subnet, dryRun, hardwareClock, clock,
];

export interface TargetReport {
  readonly name: string;
  readonly instanceType: string;
  readonly count: number;
  readonly checks: readonly (Finding & { readonly check: string })[];
}

/** Runs every check on every target, one after the other: EC2 throttles callers that ask all at once. */
export async function preflightReport(session: Session, targets: readonly Target[]): Promise<TargetReport[]> {
  const types = await session.describe([...new Set(targets.map(({ instanceType }) => instanceType))]);
  const stack = targets.map((target) => {
    const type = types.find(({ InstanceType }) => InstanceType === target.instanceType);
    if (type === undefined) {
      throw CommandError.usage(`EC2 knows no instance type '${target.instanceType}' in ${session.region}`);
    }
    return { target, type };
  });
  const reports: TargetReport[] = [];
  for (const { target, type } of stack) {
    const checks = [];
    for (const check of CHECKS) {
      checks.push({ check: check.name, ...await attempt(check, session, { target, type, stack }) });
    }
    reports.push({ name: target.name, instanceType: target.instanceType, count: target.count, checks });
  }
  return reports;
}

async function attempt(check: Check, session: Session, subject: Subject): Promise<Finding> {
  try {
    return await check.run(session, subject);
  } catch (error) {
    if (isDenied(error)) {
      const denied = check.actions.join(', ');
      return { ...skip(explainAwsError(error), `allow ${denied}`), denied };
    }
    if (isCredentialsError(error)) {
      throw CommandError.usage(explainAwsError(error)); // they ended meanwhile
    }
    return fail(explainAwsError(error), 'try again; if it stays, report it');
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CommandError } from '../commands/command-error';
import { PACKAGE_ROOT } from './package-root';
import { attempt, lastWords } from './shell';

/** A host's plan: the `KB_*` keys that a synthesised stack's user data carries. */
export type Plan = Readonly<Record<string, string>>;

const APP = path.join(PACKAGE_ROOT, 'bin', 'kernel-bypass.js');

/**
 * Synthesises the demo app for a data plane, as `cdk synth -c dataPlane=PLANE` does, and takes the
 * plan out of the template: what the lab runs is what `cdk deploy` would put on a host.
 */
export async function synthesisePlan(dataPlane: string, folder: string, signal?: AbortSignal): Promise<Plan> {
  const context = { ...contextOfCdkJson(), dataPlane };
  const done = await attempt(process.execPath, [APP], {
    cwd: PACKAGE_ROOT,
    env: { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) },
    signal,
  });
  if (done.status !== 0) {
    throw CommandError.usage(`the demo app does not synthesise with -c dataPlane=${dataPlane}: ${lastWords(done.stderr)}`);
  }
  const templates = fs.readdirSync(folder).filter((file) => file.endsWith('.template.json'));
  const plans = templates.flatMap((file) => plansOf(JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as object));
  if (plans.length !== 1) {
    throw CommandError.usage(`the demo app must hold one plan with -c dataPlane=${dataPlane}, found ${plans.length} in ${templates.join(', ') || 'no template'}`);
  }
  return plans[0];
}

/** The plans in a template's user data, wherever user data is found. */
export function plansOf(template: unknown): Plan[] {
  if (typeof template !== 'object' || template === null) {
    return [];
  }
  return Object.entries(template).flatMap(([key, value]) => {
    if (key !== 'UserData') {
      return plansOf(value);
    }
    const plan = parsePlan(resolve(value));
    return 'KB_PLAN_VERSION' in plan ? [plan] : [];
  });
}

/** KEY="value" lines; other lines are the script's that carries them. */
export function parsePlan(text: string): Plan {
  return Object.fromEntries([...text.matchAll(/^(KB_[A-Z0-9_]+)="([^"]*)"$/gm)].map((line) => [line[1], line[2]]));
}

export function renderPlan(plan: Plan): string {
  return Object.entries(plan).map(([key, value]) => `${key}="${value}"\n`).join('');
}

/** A template's value as text; what only CloudFormation knows becomes `<name>`. */
function resolve(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const [[intrinsic, argument]] = Object.entries(value) as [string, unknown][];
  switch (intrinsic) {
    case 'Fn::Base64':
      return resolve(argument);
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(resolve).join(separator);
    }
    case 'Fn::Sub':
      return resolve(Array.isArray(argument) ? argument[0] : argument);
    default:
      return `<${Array.isArray(argument) ? argument.map(resolve).join('.') : resolve(argument)}>`;
  }
}

/** The feature flags and defaults that `cdk` itself would hand to the app. */
function contextOfCdkJson(): object {
  const file = path.join(PACKAGE_ROOT, 'cdk.json');
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as { context?: object }).context ?? {} : {};
}

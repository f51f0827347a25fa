// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Command } from './command';
import { CommandError } from './command-error';
import { guard, parseOptions } from './guard';
import { countOf, reportText } from '../preflight/report';
import { CHECKS, preflightReport } from '../preflight/run';
import { Session } from '../preflight/session';
import { Target, targetOfType, targetsOfTemplate } from '../preflight/target';

const ACTIONS = [...new Set(CHECKS.flatMap(({ actions }) => actions))].sort();

const USAGE = `usage: kb preflight [--template FILE | --type TYPE] [OPTION...]

Asks AWS, without changing anything, whether a stack would get its hosts: is the type offered, do quota, addresses and
image suffice, does EC2 accept the launch template.

  --template FILE  synthesised template, such as cdk.out/Demo.template.json: all its launch templates
  --type TYPE      instead of a template: a plain host of this type (c6in.32xlarge)
  --region R       region to ask; AWS_REGION or the profile's by default
  --subnet-id S    existing subnet, where the stack would create its own
  --image-id I     existing image instead of the one in the template
  --json           as JSON
  --help           this text

Needs these actions, of which ec2:RunInstances is called as a dry run only:
${ACTIONS.map((action) => `  ${action}`).join('\n')}

Exit status: 0 no check failed, 1 one did or AWS cannot be reached, 2 the arguments or the credentials are wrong.
`;

const OPTIONS = {
  'template': { type: 'string' },
  'type': { type: 'string' },
  'region': { type: 'string' },
  'subnet-id': { type: 'string' },
  'image-id': { type: 'string' },
  'json': { type: 'boolean' },
  'help': { type: 'boolean' },
} as const;

type Options = ReturnType<typeof parseOptions<typeof OPTIONS>>;

export const preflight: Command = {
  name: 'preflight',
  summary: 'ask AWS, read-only, whether a stack would get its hosts',
  run: (args) => guard('preflight', async () => {
    const options = parseOptions(args, OPTIONS);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    validate(options);
    const session = await Session.open(options.region);
    try {
      return await report(session, targets(options, session.region), options.json ?? false);
    } finally {
      session.close();
    }
  }),
};

function validate(options: Options): void {
  if (options.template !== undefined && options.type !== undefined) {
    throw CommandError.usage("'--template' names the types itself; leave '--type' out");
  }
  const forms: [keyof Options, RegExp, string][] = [
    ['type', /^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type such as c6in.32xlarge'],
    ['region', /^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'a region such as us-east-1'],
    ['subnet-id', /^subnet-[0-9a-f]+$/, 'a subnet such as subnet-0123456789abcdef0'],
    ['image-id', /^ami-[0-9a-f]+$/, 'an image such as ami-0123456789abcdef0'],
  ];
  for (const [name, form, what] of forms) {
    const value = options[name];
    if (typeof value === 'string' && !form.test(value)) {
      throw CommandError.usage(`'--${name}' must be ${what}, got '${value}'`);
    }
  }
}

function targets(options: Options, region: string): Target[] {
  const { template, 'subnet-id': subnetId, 'image-id': imageId } = options;
  if (template === undefined) {
    return [targetOfType(options.type ?? 'c6in.32xlarge', subnetId, imageId)];
  }
  return targetsOfTemplate(read(template), template, region, subnetId)
    .map((target) => ({ ...target, launch: { ...target.launch, ImageId: imageId ?? target.launch.ImageId } }));
}

async function report(session: Session, subjects: readonly Target[], json: boolean): Promise<number> {
  const reports = await preflightReport(session, subjects);
  const [passed, failed, skipped] = [countOf(reports, 'PASS'), countOf(reports, 'FAIL'), countOf(reports, 'SKIP')];
  console.log(json ? JSON.stringify({ region: session.region, passed, failed, skipped, targets: reports }, null, 2) : reportText(session.region, reports));
  const denied = [...new Set(reports.flatMap(({ checks }) => checks.flatMap((check) => check.denied ?? [])))];
  if (denied.length > 0) {
    console.error(`kb preflight: AWS denied some checks; allow ${denied.join(', ')}`);
  }
  return failed === 0 ? 0 : 1;
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw CommandError.usage(`'--template' must be a file that can be read, got '${file}': ${(error as Error).message}`);
  }
}

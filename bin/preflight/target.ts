// SPDX-License-Identifier: Apache-2.0
import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { Json, Parameters, resolveValue } from './cfn-values';
import { instanceFacts } from '../../lib/private/instance-facts';
import { CommandError } from '../commands/command-error';
import { Plan, plansOf } from '../lab/plan';

/** What is to be launched, in the words of RunInstances. */
export type Launch = Omit<RunInstancesCommandInput, 'MinCount' | 'MaxCount' | 'DryRun'>;

/** One launch template of a stack, or the plain host of an instance type. */
export interface Target {
  /** The logical id of the launch template, or the instance type. */
  readonly name: string;
  readonly instanceType: string;
  /** How many instances the stack starts from it. */
  readonly count: number;
  /** The Auto Scaling group that launches it, perhaps in place of one of its other types. */
  readonly group?: string;
  readonly launch: Launch;
  /** The host's plan, where the launch template carries one. */
  readonly plan?: Plan;
  /** Parts of the launch template that only the deployed stack knows. */
  readonly left: readonly string[];
}

interface Template {
  readonly Parameters?: Parameters;
  readonly Resources?: { readonly [id: string]: { readonly Type: string; readonly Properties?: { [key: string]: Json } } };
}

/** Without a template: the default host of the library, a management ENI and a data ENI on the last network card. */
export function targetOfType(instanceType: string, subnetId: string | undefined, imageId: string | undefined): Target {
  const facts = instanceFacts(instanceType);
  const image = `resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-${facts?.arch ?? 'x86_64'}`;
  const dataCard = (facts?.cards.length ?? 1) - 1;
  const launch = {
    InstanceType: instanceType,
    ImageId: imageId ?? image,
    NetworkInterfaces: [0, dataCard].map((card, i) => ({ DeviceIndex: i, NetworkCardIndex: card, SubnetId: subnetId })),
  } as Launch;
  return { name: instanceType, instanceType, count: 1, launch, left: [] };
}

/** The launch templates of a synthesised template. */
export function targetsOfTemplate(text: string, file: string, region: string, subnetId: string | undefined): Target[] {
  const template = parse(text, file);
  const resources = Object.entries(template.Resources ?? {});
  const targets = resources
    .filter(([, { Type }]) => Type === 'AWS::EC2::LaunchTemplate')
    .map(([id, { Properties }]) => {
      const { value, left } = resolveValue(Properties?.LaunchTemplateData ?? {}, template.Parameters ?? {}, region);
      const launch = value as unknown as Launch;
      launch.NetworkInterfaces?.forEach((ni) => (ni.SubnetId ??= subnetId));
      const instanceType = launch.InstanceType as string | undefined;
      if (instanceType === undefined) {
        throw CommandError.usage(`'${file}': the instance type of ${id} is not known before deployment; name it with --type instead of --template`);
      }
      const known = (path: string) => subnetId === undefined || !/^NetworkInterfaces\[\d+\]\.SubnetId$/.test(path);
      const [plan] = plansOf(Properties);
      return { name: id, instanceType, ...launchedBy(id, resources), launch, plan, left: left.filter(known) };
    });
  if (targets.length === 0) {
    throw CommandError.usage(`'${file}' has no AWS::EC2::LaunchTemplate; give the template of the stack with the hosts`);
  }
  return targets;
}

function parse(text: string, file: string): Template {
  let template: unknown;
  try {
    template = JSON.parse(text);
  } catch (error) {
    throw CommandError.usage(`'${file}' is not a JSON template: ${(error as Error).message}`);
  }
  if (typeof template !== 'object' || template === null || Array.isArray(template)) {
    throw CommandError.usage(`'${file}' is not a template: an object with 'Resources' is needed`);
  }
  return template;
}

type Resources = [string, { readonly Type: string; readonly Properties?: { [key: string]: Json } }][];

/** Instances, and the desired size of Auto Scaling groups, that name the launch template; the last such group. */
function launchedBy(id: string, resources: Resources): Pick<Target, 'count' | 'group'> {
  const uses = (properties: { [key: string]: Json }) => JSON.stringify(properties).includes(`{"Ref":"${id}"}`);
  let count = 0;
  let group: string | undefined;
  for (const [name, { Type, Properties = {} }] of resources) {
    if (Type === 'AWS::EC2::Instance' && uses(Properties)) {
      count++;
    } else if (Type === 'AWS::AutoScaling::AutoScalingGroup' && uses(Properties)) {
      count += Number(Properties.DesiredCapacity ?? Properties.MinSize ?? 1);
      group = name;
    }
  }
  return { count: Math.max(count, 1), group };
}

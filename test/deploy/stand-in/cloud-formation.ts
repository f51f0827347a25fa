// SPDX-License-Identifier: Apache-2.0
import { AwsError } from './aws-error';
import type { Buckets } from './buckets';
import { ChangeSet } from './change-set';
import { deleteAll, Deployment } from './deployment';
import type { ParameterStore } from './parameter-store';
import type { Provisioner } from './provisioner';
import type { QueryCall } from './query-call';
import { Stack } from './stack';
import { Template } from './template';

/** CloudFormation as `cdk deploy` and `cdk destroy` use it. */
export class CloudFormation {
  private readonly stacks: Stack[] = [];
  private readonly work = new Set<Promise<void>>();

  constructor(
    private readonly provisioner: Provisioner,
    private readonly buckets: Buckets,
    private readonly store: ParameterStore,
  ) {}

  /** Names of the stacks that exist. */
  get stackNames(): string[] {
    return this.stacks.filter((stack) => stack.exists).map(({ name }) => name);
  }

  answer(call: QueryCall): object {
    const action = this.actions[call.action];
    if (action === undefined) {
      throw new AwsError('InvalidAction', `the stand-in's CloudFormation knows no ${call.action}`);
    }
    return action(call);
  }

  /** Until nothing is being deployed or deleted. */
  async settled(): Promise<void> {
    await Promise.all(this.work);
  }

  stack(name: string): Stack {
    const byId = name.startsWith('arn:');
    const stack = this.stacks.find((one) => (byId ? one.id === name : one.exists && one.name === name));
    if (stack === undefined) {
      throw AwsError.validation(`Stack with id ${name} does not exist`);
    }
    return stack;
  }

  private readonly actions: Readonly<Record<string, (call: QueryCall) => object>> = {
    DescribeStacks: (call) => ({ Stacks: [this.stack(call.need('StackName')).describe()] }),
    GetTemplate: (call) => ({ TemplateBody: this.stack(call.need('StackName')).template?.body ?? '{}', StagesAvailable: ['Original', 'Processed'] }),
    DescribeStackEvents: (call) => ({ StackEvents: this.stack(call.need('StackName')).events.toReversed() }),
    CreateChangeSet: (call) => this.createChangeSet(call),
    DescribeChangeSet: (call) => this.changeSet(call).describe(),
    DeleteChangeSet: (call) => {
      this.stack(call.need('StackName')).changeSets.delete(call.need('ChangeSetName'));
      return {};
    },
    ExecuteChangeSet: (call) => {
      const changeSet = this.changeSet(call);
      changeSet.stack.changeSets.clear();
      this.begin(new Deployment(changeSet, this.provisioner).run());
      return {};
    },
    DeleteStack: (call) => {
      const name = call.need('StackName');
      if (name.startsWith('arn:') || this.stackNames.includes(name)) { // deleting what is not there is no error
        this.begin(this.delete(this.stack(name)));
      }
      return {};
    },
  };

  private createChangeSet(call: QueryCall): object {
    const name = call.need('StackName');
    const create = call.need('ChangeSetType') === 'CREATE';
    if (create && this.stackNames.includes(name)) {
      throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists and cannot be created again with the changeSet [${call.need('ChangeSetName')}].`);
    }
    const stack = create ? new Stack(name) : this.stack(name);
    const template = new Template(this.templateBody(call));
    const given = Object.fromEntries(call.list('Parameters').map(({ ParameterKey: key, ParameterValue: value, UsePreviousValue: previous }) =>
      [key, previous === 'true' ? stack.givenParameters[key] : value]));
    const parameters = template.parameters(given, this.store);
    const changeSet = new ChangeSet(call.need('ChangeSetName'), stack, template, given, parameters);
    stack.changeSets.set(changeSet.name, changeSet);
    if (create) {
      this.stacks.push(stack);
      stack.become('REVIEW_IN_PROGRESS', 'User Initiated');
    }
    return { Id: changeSet.id, StackId: stack.id };
  }

  private templateBody(call: QueryCall): string {
    const url = call.text('TemplateURL');
    if (url === undefined) {
      return call.need('TemplateBody');
    }
    const [, bucket, ...key] = new URL(url).pathname.split('/');
    return this.buckets.read(bucket, key.join('/')).toString('utf8');
  }

  private changeSet(call: QueryCall): ChangeSet {
    const name = call.need('ChangeSetName');
    const stacks = call.text('StackName') === undefined ? this.stacks : [this.stack(call.need('StackName'))];
    const found = stacks.flatMap(({ changeSets }) => [...changeSets.values()]).find((one) => one.name === name || one.id === name);
    if (found === undefined) {
      throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
    }
    return found;
  }

  private async delete(stack: Stack): Promise<void> {
    stack.become('DELETE_IN_PROGRESS', 'User Initiated');
    await deleteAll(stack, [...stack.resources.values()], this.provisioner);
    stack.resources = new Map();
    stack.become('DELETE_COMPLETE');
  }

  private begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.work.delete(tracked));
    this.work.add(tracked);
  }
}

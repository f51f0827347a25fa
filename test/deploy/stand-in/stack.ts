// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import type { Values } from '../../../bin/vm/intrinsics';
import { AwsError } from './aws-error';
import type { ChangeSet } from './change-set';
import { ACCOUNT, REGION } from './region';
import type { Resource } from './resource';
import type { Parameters, Template } from './template';

/** A line of a stack's history, as DescribeStackEvents gives it. */
export interface StackEvent {
  readonly EventId: string;
  readonly StackId: string;
  readonly StackName: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
  readonly Timestamp: Date;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason?: string;
}

const STACK = 'AWS::CloudFormation::Stack';

export class Stack {
  readonly id: string;
  status = 'REVIEW_IN_PROGRESS';
  /** What exists, by logical id. */
  resources: ReadonlyMap<string, Resource> = new Map();
  /** What was last deployed. */
  template?: Template;
  /** Values in force. */
  parameters: Parameters = {};
  /** Values as a deployment gave them: for a parameter of the store, its name. */
  givenParameters: Parameters = {};
  outputs: Readonly<Record<string, string>> = {};
  readonly changeSets = new Map<string, ChangeSet>();
  readonly events: StackEvent[] = [];
  private readonly created = new Date();
  private statusReason?: string;

  constructor(readonly name: string) {
    this.id = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${name}/${crypto.randomUUID()}`;
  }

  get exists(): boolean {
    return this.status !== 'DELETE_COMPLETE';
  }

  become(status: string, reason?: string): void {
    this.status = status;
    this.statusReason = reason;
    this.record({ logicalId: this.name, physicalId: this.id, type: STACK }, status, reason);
  }

  record(resource: Pick<Resource, 'logicalId' | 'physicalId' | 'type'>, status: string, reason?: string): void {
    this.events.push({
      EventId: crypto.randomUUID(),
      StackId: this.id,
      StackName: this.name,
      LogicalResourceId: resource.logicalId,
      PhysicalResourceId: resource.physicalId,
      ResourceType: resource.type,
      // Later than the one before: readers put events in order by their time.
      Timestamp: new Date(Math.max(Date.now(), (this.events.at(-1)?.Timestamp.getTime() ?? 0) + 1)),
      ResourceStatus: status,
      ResourceStatusReason: reason,
    });
  }

  /** What a template's functions yield, given these parameters and resources. */
  values(parameters: Parameters, resources: ReadonlyMap<string, Resource>): Values {
    const pseudo: Parameters = {
      'AWS::AccountId': ACCOUNT,
      'AWS::Partition': 'aws',
      'AWS::Region': REGION,
      'AWS::StackId': this.id,
      'AWS::StackName': this.name,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return {
      ref: (id) => {
        const value = pseudo[id] ?? parameters[id] ?? resources.get(id)?.physicalId;
        if (value === undefined) {
          throw AwsError.validation(`Template format error: Unresolved resource dependencies [${id}]`);
        }
        return value;
      },
      attribute: (id, name) => {
        const value = resources.get(id)?.attributes[name];
        if (value === undefined) {
          throw AwsError.validation(`Template error: resource ${id} does not support attribute type ${name} in Fn::GetAtt`);
        }
        return value;
      },
    };
  }

  describe(): object {
    const pairs = (values: Parameters, key: string, value: string) =>
      Object.entries(values).map(([name, text]) => ({ [key]: name, [value]: text }));
    return {
      StackId: this.id,
      StackName: this.name,
      CreationTime: this.created,
      StackStatus: this.status,
      StackStatusReason: this.statusReason,
      DisableRollback: false,
      EnableTerminationProtection: false,
      Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
      Parameters: pairs(this.givenParameters, 'ParameterKey', 'ParameterValue'),
      Outputs: pairs(this.outputs, 'OutputKey', 'OutputValue'),
      Tags: [],
    };
  }
}

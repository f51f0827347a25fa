// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ACCOUNT, REGION } from './region';
import { resourceType } from './resource-types';
import type { Stack } from './stack';
import type { Definition, Parameters, Template } from './template';

interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly type: string;
}

/** What a template would change about a stack. */
export class ChangeSet {
  readonly id: string;
  readonly definitions: readonly Definition[];
  /** Names of parameters whose value differs. */
  readonly changedParameters: ReadonlySet<string>;
  private readonly changes: readonly Change[];
  private readonly created = new Date();

  constructor(
    readonly name: string,
    readonly stack: Stack,
    readonly template: Template,
    readonly givenParameters: Parameters,
    readonly parameters: Parameters,
  ) {
    this.id = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:changeSet/${name}/${crypto.randomUUID()}`;
    this.definitions = template.definitions(stack.values(parameters, new Map()));
    this.definitions.forEach(({ type }) => resourceType(type)); // refuses what it does not know
    this.changedParameters = new Set(Object.keys(parameters).filter((key) => parameters[key] !== stack.parameters[key]));
    this.changes = this.compare();
  }

  get status(): string {
    return this.changes.length === 0 ? 'FAILED' : 'CREATE_COMPLETE';
  }

  describe(): object {
    return {
      ChangeSetName: this.name,
      ChangeSetId: this.id,
      StackId: this.stack.id,
      StackName: this.stack.name,
      CreationTime: this.created,
      Status: this.status,
      StatusReason: this.status === 'FAILED'
        ? "The submitted information didn't contain changes. Submit different information to create a change set."
        : undefined,
      ExecutionStatus: this.status === 'FAILED' ? 'UNAVAILABLE' : 'AVAILABLE',
      Changes: this.changes.map(({ action, logicalId, type }) => ({
        Type: 'Resource',
        ResourceChange: {
          Action: action, LogicalResourceId: logicalId, ResourceType: type,
          PhysicalResourceId: this.stack.resources.get(logicalId)?.physicalId,
        },
      })),
    };
  }

  /** Whether a resource has to be looked at again: it is written differently, or a parameter that it uses differs. */
  concerns(definition: Definition): boolean {
    const before = this.before(definition.logicalId);
    return !isDeepStrictEqual(before?.properties, definition.properties) || before?.type !== definition.type
      || definition.references.some((name) => this.changedParameters.has(name));
  }

  /** How the deployed template defines a resource. */
  private before(logicalId: string): Definition | undefined {
    return this.definitionsBefore().find((definition) => definition.logicalId === logicalId);
  }

  private compare(): Change[] {
    const kept = new Set(this.definitions.map(({ logicalId }) => logicalId));
    const removed = this.definitionsBefore().filter(({ logicalId }) => !kept.has(logicalId));
    return [
      ...this.definitions.flatMap((definition): Change[] => {
        const { logicalId, type } = definition;
        if (!this.stack.resources.has(logicalId)) {
          return [{ action: 'Add', logicalId, type }];
        }
        return this.concerns(definition) ? [{ action: 'Modify', logicalId, type }] : [];
      }),
      ...removed.map(({ logicalId, type }): Change => ({ action: 'Remove', logicalId, type })),
    ];
  }

  private definitionsBefore(): readonly Definition[] {
    return this.stack.template?.definitions(this.stack.values(this.stack.parameters, new Map())) ?? [];
  }
}

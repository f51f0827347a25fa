// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { resolve, resolveText } from '../../../bin/vm/intrinsics';
import type { ChangeSet } from './change-set';
import type { Provisioner } from './provisioner';
import type { Properties, Resource } from './resource';
import { resourceType } from './resource-types';
import type { Stack } from './stack';
import type { Definition } from './template';

type Kind = 'CREATE' | 'UPDATE';

/** The execution of one change set: forward, and back when a resource fails. */
export class Deployment {
  private readonly stack: Stack;
  private readonly before: ReadonlyMap<string, Resource>;
  private readonly after: Map<string, Resource>;
  /** Logical ids that this deployment has created or changed. */
  private readonly touched = new Set<string>();
  private readonly underWay = new Set<Resource>();
  private readonly failed: { readonly logicalId: string; readonly kind: Kind }[] = [];

  constructor(private readonly changeSet: ChangeSet, private readonly provisioner: Provisioner) {
    this.stack = changeSet.stack;
    this.before = this.stack.resources;
    this.after = new Map(this.before);
  }

  private get kind(): Kind {
    return this.before.size === 0 ? 'CREATE' : 'UPDATE';
  }

  async run(): Promise<void> {
    this.stack.become(`${this.kind}_IN_PROGRESS`, 'User Initiated');
    await this.forward();
    if (this.failed.length > 0) {
      await this.back();
      return;
    }
    this.commit();
    if (this.kind === 'UPDATE') {
      this.stack.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      const old = [...this.before.values()].filter(({ logicalId, physicalId }) => this.stack.resources.get(logicalId)?.physicalId !== physicalId);
      await deleteAll(this.stack, old, this.provisioner);
    }
    this.stack.become(`${this.kind}_COMPLETE`);
  }

  /** Each resource as soon as those it depends on are there. */
  private async forward(): Promise<void> {
    const settled = new Map<string, Promise<void>>();
    for (const definition of this.changeSet.definitions) {
      const first = Promise.all(definition.dependsOn.map((id) => settled.get(id)!));
      settled.set(definition.logicalId, first.then(() => this.apply(definition)));
    }
    await Promise.all(settled.values());
  }

  private async apply(definition: Definition): Promise<void> {
    if (this.failed.length > 0) {
      return; // nothing more is begun
    }
    const { logicalId } = definition;
    const existing = this.before.get(logicalId);
    if (existing !== undefined && !this.isTouched(definition)) {
      return;
    }
    const properties = this.evaluate(definition);
    if (properties === undefined) {
      return;
    }
    if (existing === undefined) {
      await this.create(definition, properties);
    } else if (!isDeepStrictEqual(existing.properties, properties)) {
      await this.change(existing, definition, properties);
    }
  }

  /** The properties with each function's result; undefined when one has none, which fails the resource. */
  private evaluate(definition: Definition): Properties | undefined {
    try {
      return resolve(definition.properties, this.stack.values(this.changeSet.parameters, this.after)) as Properties;
    } catch (error) {
      this.fail({ ...definition, physicalId: '' }, this.before.has(definition.logicalId) ? 'UPDATE' : 'CREATE', (error as Error).message);
      return undefined;
    }
  }

  private isTouched(definition: Definition): boolean {
    return this.changeSet.concerns(definition) || definition.references.some((id) => this.touched.has(id));
  }

  private async create(definition: Definition, properties: Properties): Promise<void> {
    this.stack.record({ ...definition, physicalId: '' }, 'CREATE_IN_PROGRESS');
    await this.begin('CREATE', definition, properties, 'Resource creation Initiated');
  }

  private async change(existing: Resource, definition: Definition, properties: Properties): Promise<void> {
    const { createOnly, fixed } = resourceType(existing.type);
    if (fixed) {
      this.fail(existing, 'UPDATE', `Update to resource type ${existing.type} is not supported.`);
      return;
    }
    const replaced = createOnly.some((name) => !isDeepStrictEqual(existing.properties[name], properties[name]));
    if (replaced) {
      const reason = 'Requested update requires the creation of a new physical resource; hence creating one.';
      this.stack.record(existing, 'UPDATE_IN_PROGRESS', reason);
      await this.begin('UPDATE', definition, properties, 'Resource creation Initiated');
      return;
    }
    this.stack.record(existing, 'UPDATE_IN_PROGRESS');
    const updated = this.provisioner.update(existing, properties, definition.dependsOn);
    this.take(updated);
    this.stack.record(updated, 'UPDATE_COMPLETE');
  }

  private async begin(kind: Kind, definition: Definition, properties: Properties, reason: string): Promise<void> {
    const resource = this.provisioner.create(this.stack.name, definition, properties);
    this.take(resource);
    this.stack.record(resource, `${kind}_IN_PROGRESS`, reason);
    this.underWay.add(resource);
    try {
      await this.provisioner.settle(resource);
      this.stack.record(resource, `${kind}_COMPLETE`);
    } catch (error) {
      this.fail(resource, kind, (error as Error).message);
    } finally {
      this.underWay.delete(resource);
    }
  }

  private take(resource: Resource): void {
    this.touched.add(resource.logicalId);
    this.after.set(resource.logicalId, resource);
  }

  private fail(resource: Pick<Resource, 'logicalId' | 'physicalId' | 'type'>, kind: Kind, reason: string): void {
    this.stack.record(resource, `${kind}_FAILED`, reason);
    this.failed.push({ logicalId: resource.logicalId, kind });
    this.underWay.forEach((other) => this.provisioner.cancel(other));
  }

  private commit(): void {
    const { template, parameters, givenParameters, definitions } = this.changeSet;
    const values = this.stack.values(parameters, this.after);
    this.stack.resources = new Map(definitions.map(({ logicalId }) => [logicalId, this.after.get(logicalId)!]));
    this.stack.outputs = Object.fromEntries(Object.entries(template.outputs).map(([name, { Value: value }]) => [name, resolveText(value, values)]));
    Object.assign(this.stack, { template, parameters, givenParameters });
  }

  private blame(): string {
    return (['CREATE', 'UPDATE'] as const)
      .map((kind) => ({ verb: kind.toLowerCase(), ids: this.failed.filter((one) => one.kind === kind).map(({ logicalId }) => logicalId) }))
      .filter(({ ids }) => ids.length > 0)
      .map(({ verb, ids }) => `The following resource(s) failed to ${verb}: [${ids.join(', ')}]. `)
      .join('');
  }

  private async back(): Promise<void> {
    const prefix = this.kind === 'CREATE' ? '' : 'UPDATE_';
    const made = [...this.after.values()].filter((resource) => this.before.get(resource.logicalId)?.physicalId !== resource.physicalId);
    this.stack.become(`${prefix}ROLLBACK_IN_PROGRESS`, this.blame());
    const restored = new Map(this.before);
    for (const old of this.before.values()) {
      const now = this.after.get(old.logicalId)!;
      if (now.physicalId === old.physicalId && now !== old) {
        this.stack.record(old, 'UPDATE_IN_PROGRESS');
        restored.set(old.logicalId, this.provisioner.update(now, old.properties, old.dependsOn));
        this.stack.record(old, 'UPDATE_COMPLETE');
      }
    }
    this.stack.resources = restored;
    if (this.kind === 'UPDATE') {
      this.stack.become('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    }
    await deleteAll(this.stack, made, this.provisioner);
    this.stack.become(`${prefix}ROLLBACK_COMPLETE`);
  }
}

/** Deletes resources, each before what it depends on. */
export async function deleteAll(stack: Stack, resources: readonly Resource[], provisioner: Provisioner): Promise<void> {
  const left = new Map(resources.map((resource) => [resource.logicalId, resource]));
  while (left.size > 0) {
    const needed = new Set([...left.values()].flatMap(({ dependsOn }) => dependsOn));
    const free = [...left.values()].filter(({ logicalId }) => !needed.has(logicalId));
    for (const resource of free) {
      stack.record(resource, 'DELETE_IN_PROGRESS');
      await provisioner.delete(resource);
      stack.record(resource, 'DELETE_COMPLETE');
      left.delete(resource.logicalId);
    }
  }
}

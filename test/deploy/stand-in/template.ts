// SPDX-License-Identifier: Apache-2.0
import type { Values } from '../../../bin/vm/intrinsics';
import { AwsError } from './aws-error';
import { Conditions, expand, holds } from './evaluate';
import type { ParameterStore } from './parameter-store';

/** A resource as a template writes it, its conditions decided. */
export interface Definition {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What its properties refer to: logical ids and parameters. */
  readonly references: readonly string[];
  /** Logical ids that must exist before it. */
  readonly dependsOn: readonly string[];
}

interface Document {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Conditions?: Conditions;
  readonly Resources: Readonly<Record<string, {
    readonly Type: string;
    readonly Properties?: Readonly<Record<string, unknown>>;
    readonly DependsOn?: string | readonly string[];
    readonly Condition?: string;
  }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

export type Parameters = Readonly<Record<string, string>>;

const SSM_PARAMETER = /^AWS::SSM::Parameter::Value</;

export class Template {
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  private readonly document: Document;

  constructor(readonly body: string) {
    this.document = JSON.parse(body) as Document;
    this.outputs = this.document.Outputs ?? {};
  }

  /** The value of each parameter: what a deployment gives, or the default; read from the store where the type says so. */
  parameters(given: Parameters, store: ParameterStore): Parameters {
    return Object.fromEntries(Object.entries(this.document.Parameters ?? {}).map(([name, { Type: type, Default: standard }]) => {
      const value = given[name] ?? standard;
      if (value === undefined) {
        throw AwsError.validation(`Parameters: [${name}] must have values`);
      }
      const read = SSM_PARAMETER.test(type) ? store.get(value) : value;
      if (read === undefined) {
        throw AwsError.validation(`Unable to fetch parameters [${value}] from parameter store for this account.`);
      }
      return [name, read];
    }));
  }

  /** Parameters as written, for those who ask what a stack was deployed with. */
  parameterNames(): string[] {
    return Object.keys(this.document.Parameters ?? {});
  }

  /** The resources whose conditions hold, each after all that it depends on. */
  definitions(values: Values): Definition[] {
    const conditions = this.document.Conditions ?? {};
    const chosen = Object.entries(this.document.Resources)
      .filter(([, { Condition: condition }]) => condition === undefined || holds({ Condition: condition }, conditions, values));
    const ids = new Set(chosen.map(([id]) => id));
    const unknown = new Set<string>();
    const definitions = chosen.map(([logicalId, resource]): Definition => {
      const properties = expand(resource.Properties ?? {}, conditions, values) as Record<string, unknown>;
      const references = [...referencesOf(properties)];
      references.filter((id) => !ids.has(id) && !this.isParameter(id)).forEach((id) => unknown.add(id));
      const dependsOn = [...new Set([...[resource.DependsOn ?? []].flat(), ...references.filter((id) => ids.has(id))])];
      dependsOn.filter((id) => !ids.has(id)).forEach((id) => unknown.add(id));
      return { logicalId, type: resource.Type, properties, references, dependsOn };
    });
    if (unknown.size > 0) {
      throw AwsError.validation(`Template format error: Unresolved resource dependencies [${[...unknown].join(', ')}] in the Resources block of the template`);
    }
    return inOrder(definitions);
  }

  private isParameter(name: string): boolean {
    return name.startsWith('AWS::') || Object.hasOwn(this.document.Parameters ?? {}, name);
  }
}

function* referencesOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    if (key === 'Ref') {
      yield item as string;
    } else if (key === 'Fn::GetAtt') {
      yield [item].flat().join('.').split('.')[0];
    } else {
      if (key === 'Fn::Sub') {
        const text = [item].flat()[0] as string;
        yield* [...text.matchAll(/\$\{([^!}.]+)[^}]*\}/g)].map(([, name]) => name);
      }
      yield* referencesOf(item);
    }
  }
}

function inOrder(definitions: readonly Definition[]): Definition[] {
  const ordered: Definition[] = [];
  const done = new Set<string>();
  while (ordered.length < definitions.length) {
    const ready = definitions.filter(({ logicalId, dependsOn }) => !done.has(logicalId) && dependsOn.every((id) => done.has(id)));
    if (ready.length === 0) {
      const stuck = definitions.map(({ logicalId }) => logicalId).filter((id) => !done.has(id));
      throw AwsError.validation(`Circular dependency between resources: [${stuck.join(', ')}]`);
    }
    ready.forEach((definition) => {
      ordered.push(definition);
      done.add(definition.logicalId);
    });
  }
  return ordered;
}

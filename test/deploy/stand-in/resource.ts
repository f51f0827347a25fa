// SPDX-License-Identifier: Apache-2.0

export type Properties = Readonly<Record<string, unknown>>;

/** A resource that exists. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  /** What `Ref` yields. */
  readonly physicalId: string;
  /** With each function evaluated. */
  readonly properties: Properties;
  /** What `Fn::GetAtt` yields. */
  readonly attributes: Readonly<Record<string, string>>;
  /** How often it was written: 1 once created. */
  readonly version: number;
  /** Logical ids of what must be deleted after it. */
  readonly dependsOn: readonly string[];
}

/** Everything that exists, by physical id. */
export class Inventory {
  private readonly resources = new Map<string, Resource>();

  put(resource: Resource): void {
    this.resources.set(resource.physicalId, resource);
  }

  remove(resource: Resource): void {
    this.resources.delete(resource.physicalId);
  }

  get(physicalId: string): Resource | undefined {
    return this.resources.get(physicalId);
  }

  all(type?: string): Resource[] {
    return [...this.resources.values()].filter((resource) => type === undefined || resource.type === type);
  }
}

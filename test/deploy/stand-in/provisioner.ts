// SPDX-License-Identifier: Apache-2.0
import type { Instances } from './instances';
import type { Inventory, Properties, Resource } from './resource';
import { resourceType } from './resource-types';
import type { Definition } from './template';
import type { WaitConditions } from './wait-conditions';

const INSTANCE = 'AWS::EC2::Instance';
const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const WAIT = 'AWS::CloudFormation::WaitCondition';
const HANDLE = 'AWS::CloudFormation::WaitConditionHandle';

/** Creates, changes and deletes single resources. Instances boot and wait conditions wait; the others are only noted. */
export class Provisioner {
  constructor(
    private readonly inventory: Inventory,
    private readonly instances: Instances,
    private readonly waits: WaitConditions,
  ) {}

  /** Begins a resource, which has its id at once; `settle` says when it is complete. */
  create(stackName: string, { logicalId, type, dependsOn }: Definition, properties: Properties): Resource {
    const { physicalId: nameIt } = resourceType(type);
    const physicalId = type === HANDLE ? this.waits.createHandle(stackName, logicalId) : nameIt(stackName, logicalId);
    return this.note({ logicalId, type, physicalId, properties, dependsOn, version: 1, attributes: {} });
  }

  async settle(resource: Resource): Promise<void> {
    const { type, properties } = resource;
    if (type === INSTANCE) {
      await this.instances.launch(resource);
    } else if (type === GROUP) {
      await this.instances.launchGroup(resource);
    } else if (type === WAIT) {
      await this.waits.wait(properties.Handle as string, Number(properties.Timeout), Number(properties.Count ?? 1));
    }
  }

  /** Ends a `settle` that is under way. */
  cancel({ type, properties }: Resource): void {
    if (type === WAIT) {
      this.waits.cancel(properties.Handle as string);
    }
  }

  update(resource: Resource, properties: Properties, dependsOn: readonly string[]): Resource {
    return this.note({ ...resource, properties, dependsOn, version: resource.version + 1 });
  }

  async delete(resource: Resource): Promise<void> {
    if (resource.type === INSTANCE) {
      await this.instances.terminate(resource.physicalId);
    } else if (resource.type === GROUP) {
      await this.instances.terminateGroup(resource.physicalId);
    } else if (resource.type === HANDLE) {
      this.waits.deleteHandle(resource.physicalId);
    }
    this.inventory.remove(resource);
  }

  private note(resource: Resource): Resource {
    const { attributes } = resourceType(resource.type);
    const noted = { ...resource, attributes: attributes?.(resource.physicalId, resource.properties, resource.version) ?? {} };
    this.inventory.put(noted);
    return noted;
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';

const MOST_OF_A_TAG = 256; // EC2's own maximum; the end says more

/*
 * A tag must be an innocent change, also one that a pipeline gives its whole stack and that differs with each commit.
 * Hosts are replaced by whatever makes a new version of their launch template, or a new resource that it names.
 */

/** The tag `Name` of what a construct launches. 200: what is said here wins over what the CDK's constructs say of themselves. */
export function nameTag(construct: IConstruct, path: string): void {
  cdk.Tags.of(construct).add('Name', path.slice(-MOST_OF_A_TAG), { priority: 200 });
}

/** Leaves the tags out of a resource that CloudFormation replaces when they change. */
export function untagged(construct: IConstruct): void {
  const resource = construct.node.defaultChild ?? construct;
  (resource as cdk.CfnResource).addPropertyDeletionOverride('Tags');
}

/** Leaves but the name in a launch template. Other tags are for what launches from it to give to its instances. */
export function taggedByNameAlone(template: ec2.LaunchTemplate): void {
  const specifications = (...types: string[]) => cdk.Lazy.any({
    produce: () => {
      const name = cdk.TagManager.of(template)?.tagValues().Name;
      return name === undefined ? undefined : types.map(type => ({ ResourceType: type, Tags: [{ Key: 'Name', Value: name }] }));
    },
  });
  const resource = template.node.defaultChild as ec2.CfnLaunchTemplate;
  resource.addPropertyOverride('LaunchTemplateData.TagSpecifications', specifications('instance', 'volume'));
  // CloudFormation would make a new version of the template for its own tags, too.
  resource.addPropertyOverride('TagSpecifications', specifications('launch-template'));
}

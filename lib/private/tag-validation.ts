// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';

/**
 * The host reads its tags from the metadata service, which serves only keys that can be part of a path; EC2 refuses to
 * launch an instance with others. Tags of the launch template go to the instance.
 */
export function validateTagKeys(template: ec2.LaunchTemplate, instance: cdk.CfnResource): void {
  instance.node.addValidation({
    validate: () => {
      const tags = { ...cdk.TagManager.of(template)?.tagValues(), ...cdk.TagManager.of(instance)?.tagValues() };
      return Object.keys(tags)
        .filter(key => !/^[A-Za-z0-9+\-=._:@,]+$/.test(key))
        .map(key => `a tag of an instance that reads its tags from IMDS must be named by letters, digits and +-=.,_:@, got '${key}'`);
    },
  });
}

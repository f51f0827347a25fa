// SPDX-License-Identifier: Apache-2.0
import * as cdk from 'aws-cdk-lib';

interface RenderedTag {
  readonly key: string;
}

/**
 * The host reads its tags from the metadata service, which serves only keys that can be part of a path; EC2 refuses to
 * launch an instance with others.
 */
export function validateTagKeys(instance: cdk.CfnResource): void {
  instance.node.addValidation({
    validate: () => {
      const tags = (cdk.Tags.of(instance) && cdk.TagManager.of(instance)?.renderTags() as RenderedTag[] | undefined) ?? [];
      return tags.map(tag => tag.key)
        .filter(key => !/^[A-Za-z0-9+\-=._:@,]+$/.test(key))
        .map(key => `a tag of an instance that reads its tags from IMDS must be named by letters, digits and +-=.,_:@, got '${key}'`);
    },
  });
}

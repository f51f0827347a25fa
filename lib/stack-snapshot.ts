// SPDX-License-Identifier: Apache-2.0
import { Stack, Stage } from 'aws-cdk-lib';

/**
 * Templates for snapshot tests: what a release of this library or a change of a packed file alters by itself is
 * replaced, what your own code decides is kept.
 */
export class StackSnapshot {
  /** The normalised template of a stack, to be given to `toMatchSnapshot()`. Synthesises the app. */
  public static of(stack: Stack): any {
    const assembly = Stage.of(stack)!.synth();
    return StackSnapshot.normalize(assembly.getStackArtifact(stack.artifactId).template);
  }

  /**
   * A copy of a template in which hashes of assets, boot gates and images are replaced by words, and user data by its plan.
   *
   * @param template a template as JSON, from `Template.fromStack(stack).toJSON()` for one
   */
  public static normalize(template: any): any {
    return normalize(template);
  }

  private constructor() {}
}

function normalize(value: unknown): unknown {
  if (typeof value === 'string') {
    return normalizeText(value);
  }
  if (Array.isArray(value)) {
    return value.map(normalize);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [normalizeText(key), normalize(item)]));
  }
  return value;
}

function normalizeText(text: string): string {
  return text
    .replace(/^[^]*\n# kb-plan\n/, '') // the bootstrap script, which comes before the plan
    .replace(/\b[0-9a-f]{64}\b/g, 'ASSET')
    // logical ids of boot gates and images: CDK's hash, and ours
    .replace(/^([A-Za-z]\w*[0-9A-F]{8})[0-9a-f]{8}$/, '$1')
    .replace(/^1\.\d{5,10}\.([0x])$/, '1.CONTENT.$1');
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { Stack, Token } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { Findings } from './fail';

// include/kb/config.h keeps names in 128 bytes, the last of which ends the string.
export const MAX_NAME = 127;

/** Of the receivers of a stack: two of one name would publish into one metric. */
const NAMES = new WeakMap<Stack, Map<string, Construct>>();

/** The dimension `Name` of a receiver; `prop` is what its users call a name of their own. */
export function receiverName(receiver: Construct, prop: string, given: string | undefined): string {
  const name = given ?? dimensionName(receiver.node.path);
  const findings = new Findings();
  findings.check(!Token.isUnresolved(name), `'${prop}' must be known at synth, got a token`);
  findings.check(Token.isUnresolved(name) || /^[\w.-]{1,127}$/.test(name),
    `'${prop}' must be 1 to ${MAX_NAME} letters, digits, '.', '_' and '-', got '${name}'`);
  const stack = Stack.of(receiver);
  const names = NAMES.get(stack) ?? new Map<string, Construct>();
  NAMES.set(stack, names);
  const other = names.get(name);
  findings.check(!other || !isInTree(other), `'${prop}' must differ from that of ${other?.node.path}, or both publish into one metric, got '${name}'`);
  findings.throwIfAny(receiver);
  names.set(name, receiver);
  return name;
}

/** False once it, or what it was in, was taken out again. */
function isInTree(construct: IConstruct): boolean {
  const { id, scope } = construct.node;
  return scope === undefined || (scope.node.tryFindChild(id) === construct && isInTree(scope));
}

/** The metric dimension `Name` of a construct path: `Demo/Feed` becomes `Demo-Feed`. */
export function dimensionName(constructPath: string): string {
  const name = constructPath.replace(/[^A-Za-z0-9._-]+/g, '-');
  if (name.length <= MAX_NAME) {
    return name;
  }
  const hash = createHash('sha256').update(constructPath).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME - 9)}-${hash}`;
}

// SPDX-License-Identifier: Apache-2.0
import { resolve, Values } from '../../../bin/vm/intrinsics';
import { AwsError } from './aws-error';
import { ZONES } from './region';

export type Conditions = Readonly<Record<string, unknown>>;

/** Replaces the functions that need no resource, zones and branches, by what they yield. */
export function expand(value: unknown, conditions: Conditions, values: Values): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => expand(item, conditions, values));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('Fn::GetAZs' in value) {
    return ZONES;
  }
  if ('Fn::If' in value) {
    const [name, yes, no] = value['Fn::If'] as [string, unknown, unknown];
    return expand(holds({ Condition: name }, conditions, values) ? yes : no, conditions, values);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, conditions, values)]));
}

/** Whether a condition function is true. */
export function holds(condition: unknown, conditions: Conditions, values: Values): boolean {
  const [[name, argument]] = Object.entries(condition as object) as [string, unknown][];
  const each = () => (argument as unknown[]).map((item) => holds(item, conditions, values));
  switch (name) {
    case 'Condition':
      if (!Object.hasOwn(conditions, argument as string)) {
        throw AwsError.validation(`Template error: unresolved condition dependency ${argument as string}`);
      }
      return holds(conditions[argument as string], conditions, values);
    case 'Fn::And':
      return each().every(Boolean);
    case 'Fn::Or':
      return each().some(Boolean);
    case 'Fn::Not':
      return !each()[0];
    case 'Fn::Equals': {
      const [a, b] = resolve(argument, values) as [unknown, unknown];
      return a === b;
    }
    default:
      throw AwsError.validation(`Template error: ${name} is no condition function`);
  }
}

// SPDX-License-Identifier: Apache-2.0

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Parameters {
  [name: string]: { Type?: string; Default?: Json };
}

export interface Resolved {
  readonly value: Json | undefined;
  /** Where values were left out because only the deployed stack knows them. */
  readonly left: string[];
}

/**
 * A value of a template as far as it can be known before the stack exists: literals, and parameters with a default.
 * Whatever refers to a resource is left out, and its place is noted.
 */
export function resolveValue(value: Json, parameters: Parameters, region: string): Resolved {
  const left: string[] = [];

  function resolve(node: Json, path: string): Json | undefined {
    if (Array.isArray(node)) {
      return node.map((item, i) => resolve(item, `${path}[${i}]`)).filter((item) => item !== undefined);
    }
    if (node === null || typeof node !== 'object') {
      return node;
    }
    const keys = Object.keys(node);
    if (keys.length === 1 && (keys[0] === 'Ref' || keys[0].startsWith('Fn::'))) {
      const known = typeof node.Ref === 'string' ? reference(node.Ref, parameters, region) : undefined;
      if (known === undefined) {
        left.push(path);
      }
      return known;
    }
    const entries = keys.map((key) => [key, resolve(node[key], path === '' ? key : `${path}.${key}`)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, Json] => !isEmpty(entry[1])));
  }

  return { value: resolve(value, ''), left };
}

function reference(name: string, parameters: Parameters, region: string): Json | undefined {
  if (name === 'AWS::Region') {
    return region;
  }
  const { Type = '', Default = undefined } = parameters[name] ?? {};
  const byStore = Type.startsWith('AWS::SSM::Parameter::Value<') && typeof Default === 'string';
  return byStore ? `resolve:ssm:${Default}` : Default;
}

/** EC2 refuses an empty list or structure that a left-out value leaves behind. */
function isEmpty(value: Json | undefined): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

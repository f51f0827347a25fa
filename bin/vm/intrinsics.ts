// SPDX-License-Identifier: Apache-2.0
import { CommandError } from '../commands/command-error';

/** What a template's functions may ask for; throws for what is not known. */
export interface Values {
  ref(logicalId: string): string;
  attribute(logicalId: string, name: string): string;
}

/** Evaluates CloudFormation's functions in a value. A function that is not known here is an error, not a guess. */
export function resolve(value: unknown, values: Values): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, values));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries: [string, unknown][] = Object.entries(value);
  const [name, argument] = entries[0] ?? ['', undefined];
  if (entries.length !== 1 || !/^(Ref|Condition|Fn::.*)$/.test(name)) {
    return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item, values)]));
  }
  return call(name, argument, values);
}

/** As `resolve`, for a value that has to be text. */
export function resolveText(value: unknown, values: Values): string {
  const resolved = resolve(value, values);
  if (typeof resolved !== 'string') {
    throw CommandError.usage(`the template has ${JSON.stringify(resolved)} where text belongs`);
  }
  return resolved;
}

function call(name: string, argument: unknown, values: Values): unknown {
  switch (name) {
    case 'Ref':
      return values.ref(argument as string);
    case 'Fn::GetAtt': {
      const [logicalId, ...path] = typeof argument === 'string' ? argument.split('.') : argument as string[];
      return values.attribute(logicalId, path.join('.'));
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown];
      return (resolve(parts, values) as string[]).join(separator);
    }
    case 'Fn::Select': {
      const [index, list] = argument as [unknown, unknown];
      return (resolve(list, values) as unknown[])[Number(resolve(index, values))];
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, unknown];
      return resolveText(text, values).split(separator);
    }
    case 'Fn::Base64': // EC2 decodes it again before it hands the user data out
      return Buffer.from(resolveText(argument, values), 'utf8').toString('base64');
    case 'Fn::Sub': {
      const [text, own] = Array.isArray(argument) ? argument as [string, Record<string, unknown>] : [argument as string, {}];
      return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, variable: string) => {
        if (literal === '!') {
          return `\${${variable}}`;
        }
        if (Object.hasOwn(own, variable)) {
          return resolveText(own[variable], values);
        }
        const [logicalId, ...path] = variable.split('.');
        return path.length === 0 ? values.ref(variable) : values.attribute(logicalId, path.join('.'));
      });
    }
    default:
      throw CommandError.usage(`the template uses ${name} in what the instance is launched with; the lab cannot evaluate it`);
  }
}

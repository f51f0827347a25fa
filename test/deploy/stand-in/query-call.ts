// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import { AwsError } from './aws-error';

/** A call in AWS's query protocol: an action and flat parameters, with lists as `Name.member.1.Field`. */
export class QueryCall {
  readonly action: string;
  private readonly parameters: URLSearchParams;

  constructor(body: string) {
    this.parameters = new URLSearchParams(body);
    this.action = this.text('Action') ?? '';
  }

  text(name: string): string | undefined {
    return this.parameters.get(name) ?? undefined;
  }

  need(name: string): string {
    const value = this.text(name);
    if (value === undefined) {
      throw AwsError.validation(`${this.action} needs ${name}`);
    }
    return value;
  }

  /** The structures of a list, in order. */
  list(name: string): Record<string, string>[] {
    const found: Record<string, string>[] = [];
    for (const [key, value] of this.parameters) {
      const [, index, field] = new RegExp(`^${name}\\.member\\.(\\d+)\\.(\\w+)$`).exec(key) ?? [];
      if (index !== undefined) {
        (found[Number(index) - 1] ??= {})[field] = value;
      }
    }
    return found.filter(Boolean);
  }
}

export function queryAnswer(action: string, result: object): string {
  const body = `<${action}Result>${elements(result)}</${action}Result>`;
  return `<${action}Response>${body}<ResponseMetadata><RequestId>${crypto.randomUUID()}</RequestId></ResponseMetadata></${action}Response>`;
}

export function queryError({ code, message }: AwsError): string {
  return `<ErrorResponse>${elements({ Error: { Type: 'Sender', Code: code, Message: message }, RequestId: crypto.randomUUID() })}</ErrorResponse>`;
}

function elements(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item) => `<member>${elements(item)}</member>`).join('');
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([name, child]) => `<${name}>${elements(child)}</${name}>`).join('');
  }
  return escapeXml(String(value));
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? sign);
}

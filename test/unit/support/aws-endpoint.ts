// SPDX-License-Identifier: Apache-2.0
import { createServer, IncomingMessage, Server } from 'node:http';
import { AddressInfo } from 'node:net';

/** What the endpoint answers: a result, or an error by its EC2 code. */
export type Answer = object | { readonly error: string; readonly message?: string; readonly status?: number };

export interface Call {
  readonly action: string;
  readonly parameters: URLSearchParams;
  /** The access key the request was signed with; empty for an unsigned one. */
  readonly accessKey: string;
}

/** Stands in for EC2 (query protocol, XML) and Service Quotas (JSON) on the loopback address. */
export class AwsEndpoint {
  readonly calls: Call[] = [];
  /** Seconds by which the endpoint's clock differs. */
  clockOffset = 0;
  private readonly server: Server;

  constructor(readonly answers: Record<string, Answer>) {
    this.server = createServer((request, response) => {
      void body(request).then((text) => {
        const call = parse(request, text);
        this.calls.push(call);
        const answer = this.answers[call.action] ?? { error: 'InvalidAction', message: call.action };
        const json = request.headers['x-amz-target'] !== undefined;
        const status = 'error' in answer ? answer.status ?? 400 : 200;
        response.writeHead(status, {
          'content-type': json ? 'application/x-amz-json-1.1' : 'text/xml',
          'date': new Date(Date.now() + this.clockOffset * 1000).toUTCString(),
        });
        response.end(json ? jsonText(answer) : xmlText(call.action, answer));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function parse(request: IncomingMessage, text: string): Call {
  const target = request.headers['x-amz-target'] as string | undefined;
  const parameters = new URLSearchParams(target === undefined ? text : '');
  const accessKey = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return { action: target?.split('.')[1] ?? parameters.get('Action') ?? '', parameters, accessKey };
}

function jsonText(answer: Answer): string {
  return JSON.stringify('error' in answer ? { __type: answer.error, message: answer.message } : answer);
}

function xmlText(action: string, answer: Answer): string {
  return 'error' in answer
    ? `<Response><Errors><Error>${elements({ Code: answer.error, Message: answer.message ?? '' })}</Error></Errors><RequestID>0</RequestID></Response>`
    : `<${action}Response>${elements(answer)}</${action}Response>`;
}

/** EC2's XML: lists are `item` elements. */
function elements(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item) => `<item>${elements(item)}</item>`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, child]) => `<${name}>${elements(child)}</${name}>`).join('');
  }
  return String(value).replace(/[&<]/g, (sign) => (sign === '&' ? '&amp;' : '&lt;'));
}

/** The shape of an API answer as EC2 spells it in XML: first letters small. */
export function ec2Xml(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(ec2Xml);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name[0].toLowerCase() + name.slice(1), ec2Xml(child)]));
  }
  return value;
}

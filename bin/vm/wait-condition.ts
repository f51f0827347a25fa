// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';

/** What an instance tells CloudFormation through a wait-condition handle. */
export interface Signal {
  readonly status: 'SUCCESS' | 'FAILURE';
  readonly reason: string;
  readonly uniqueId: string;
  readonly data: string;
  /** Milliseconds since the stack began. */
  readonly at: number;
}

/** How the wait ended, in CloudFormation's words. */
export interface Outcome {
  readonly status: 'CREATE_COMPLETE' | 'CREATE_FAILED';
  readonly reason: string;
}

/** A wait condition and its handle, a presigned address that takes one document of each machine. */
export class WaitCondition {
  readonly handleHost: string;
  readonly handleUrl: string;
  /** What happened, in order: successes, and what ends the wait. */
  private readonly events: (Signal | Outcome)[] = [];
  private readonly path: string;
  private readonly waiting: (() => void)[] = [];
  private count = 1;

  constructor(region: string, accountId: string, stackName: string, logicalId: string, private readonly started = Date.now()) {
    this.handleHost = `cloudformation-waitcondition-${region}.s3.amazonaws.com`;
    const arn = `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/${crypto.randomUUID()}/${logicalId}`;
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Date': date,
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Expires': '86399',
      'X-Amz-Credential': `AKIALABLABLABLABLAB/${date.slice(0, 8)}/${region}/s3/aws4_request`,
      'X-Amz-Signature': crypto.randomBytes(32).toString('hex'),
    });
    this.path = `/${encodeURIComponent(arn)}?${query.toString()}`;
    this.handleUrl = `https://${this.handleHost}${this.path}`;
  }

  get signals(): Signal[] {
    return this.events.filter((event) => 'uniqueId' in event);
  }

  /** How a wait for one machine ends. */
  get outcome(): Promise<Outcome> {
    return this.expect(1);
  }

  /** How a wait for so many machines ends: with the first that fails, or when so many have succeeded. */
  async expect(count: number): Promise<Outcome> {
    this.count = count;
    for (;;) {
      const outcome = this.verdict(count);
      if (outcome !== undefined) {
        return outcome;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** CloudFormation's own patience, counted by whoever runs the clock. */
  timeOut(): void {
    const { size } = successes(this.events);
    this.note({ status: 'CREATE_FAILED', reason: `WaitCondition timed out. Received ${size} conditions when expecting ${this.count}` });
  }

  /** The instance is gone, and nobody is left to signal. */
  fail(reason: string): void {
    this.note({ status: 'CREATE_FAILED', reason });
  }

  /** There was nothing to wait for but this. */
  succeed(reason: string): void {
    this.note({ status: 'CREATE_COMPLETE', reason });
  }

  /** Takes a PUT to the handle; returns the status and S3's error code. */
  put(url: string, contentType: string | undefined, body: string): { status: number; error: string } {
    if (url !== this.path || (contentType ?? '') !== '') {
      // The content type is part of what a presigned address signs, and here it is empty.
      return { status: 403, error: 'SignatureDoesNotMatch' };
    }
    const signal = readSignal(body, Date.now() - this.started);
    if (typeof signal === 'string') {
      // S3 stores anything; CloudFormation then fails the stack over what it cannot read.
      this.note({ status: 'CREATE_FAILED', reason: `Invalid WaitCondition signal: ${signal}` });
      return { status: 200, error: '' };
    }
    this.note(signal);
    return { status: 200, error: '' };
  }

  private note(event: Signal | Outcome): void {
    this.events.push(event);
    this.waiting.splice(0).forEach((wake) => wake());
  }

  /** The first event that ends a wait for so many machines; what comes later changes nothing. */
  private verdict(count: number): Outcome | undefined {
    for (const [i, event] of this.events.entries()) {
      if (!('uniqueId' in event)) {
        return event;
      }
      const { status, reason, uniqueId } = event;
      if (status === 'FAILURE') {
        return { status: 'CREATE_FAILED', reason: `WaitCondition received failed message: '${reason}' for uniqueId: ${uniqueId}` };
      }
      if (successes(this.events.slice(0, i + 1)).size >= count) {
        return { status: 'CREATE_COMPLETE', reason };
      }
    }
    return undefined;
  }
}

/** The machines that succeeded: a second document of the same one replaces its first. */
function successes(events: readonly (Signal | Outcome)[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => ('uniqueId' in event && event.status === 'SUCCESS' ? [event.uniqueId] : [])));
}

function readSignal(body: string, at: number): Signal | string {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return 'the document is not JSON';
  }
  const { Status: status, Reason: reason, UniqueId: uniqueId, Data: data } = document;
  if (status !== 'SUCCESS' && status !== 'FAILURE') {
    return `Status must be SUCCESS or FAILURE, got ${JSON.stringify(status)}`;
  }
  if (typeof reason !== 'string' || typeof uniqueId !== 'string' || typeof data !== 'string') {
    return 'Reason, UniqueId and Data must be strings';
  }
  return { status, reason, uniqueId, data, at };
}

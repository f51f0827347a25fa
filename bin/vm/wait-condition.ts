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

/** A wait condition of count one and its handle, a presigned address that takes one document. */
export class WaitCondition {
  readonly handleHost: string;
  readonly handleUrl: string;
  readonly signals: Signal[] = [];
  readonly outcome: Promise<Outcome>;
  private readonly path: string;
  private settle!: (outcome: Outcome) => void;

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
    this.outcome = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** CloudFormation's own patience, counted by whoever runs the clock. */
  timeOut(): void {
    this.settle({ status: 'CREATE_FAILED', reason: `WaitCondition timed out. Received ${this.successes()} conditions when expecting 1` });
  }

  /** The instance is gone, and nobody is left to signal. */
  fail(reason: string): void {
    this.settle({ status: 'CREATE_FAILED', reason });
  }

  /** There was nothing to wait for but this. */
  succeed(reason: string): void {
    this.settle({ status: 'CREATE_COMPLETE', reason });
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
      this.settle({ status: 'CREATE_FAILED', reason: `Invalid WaitCondition signal: ${signal}` });
      return { status: 200, error: '' };
    }
    this.signals.push(signal);
    this.settle(signal.status === 'SUCCESS'
      ? { status: 'CREATE_COMPLETE', reason: signal.reason }
      : { status: 'CREATE_FAILED', reason: `WaitCondition received failed message: '${signal.reason}' for uniqueId: ${signal.uniqueId}` });
    return { status: 200, error: '' };
  }

  private successes(): number {
    return this.signals.filter(({ status }) => status === 'SUCCESS').length;
  }
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

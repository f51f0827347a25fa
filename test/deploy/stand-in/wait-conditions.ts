// SPDX-License-Identifier: Apache-2.0
import { WaitCondition } from '../../../bin/vm/wait-condition';
import { ACCOUNT, REGION } from './region';

/** All wait-condition handles, and those who wait at them. */
export class WaitConditions {
  private readonly byHandle = new Map<string, WaitCondition>();
  /** Seconds that are left to those who are waited for. */
  private readonly left = new Map<WaitCondition, number>();

  /** A new handle; returns its address. */
  createHandle(stackName: string, logicalId: string): string {
    const condition = new WaitCondition(REGION, ACCOUNT, stackName, logicalId);
    this.byHandle.set(condition.handleUrl, condition);
    return condition.handleUrl;
  }

  deleteHandle(handleUrl: string): void {
    this.byHandle.delete(handleUrl);
  }

  /** Ends when so many hosts have succeeded; throws the reason when one has failed or the time is over. */
  async wait(handleUrl: string, timeoutSeconds: number, count: number): Promise<void> {
    const condition = this.byHandle.get(handleUrl);
    if (condition === undefined) {
      throw new Error(`${handleUrl} is no handle`);
    }
    this.left.set(condition, timeoutSeconds);
    const { status, reason } = await condition.expect(count);
    this.left.delete(condition);
    if (status === 'CREATE_FAILED') {
      throw new Error(reason);
    }
  }

  get anyoneWaits(): boolean {
    return this.left.size > 0;
  }

  /** Time passes only here, so that a slow machine fails no deployment. */
  pass(seconds: number): void {
    for (const [condition, left] of this.left) {
      this.left.set(condition, left - seconds);
      if (left <= seconds) {
        condition.timeOut();
      }
    }
  }

  cancel(handleUrl: string): void {
    this.byHandle.get(handleUrl)?.fail('Resource creation cancelled');
  }

  /** Takes a PUT to a handle; returns the status and S3's error code. */
  put(host: string, url: string, contentType: string | undefined, body: string): { status: number; error: string } {
    return this.byHandle.get(`https://${host}${url}`)?.put(url, contentType, body) ?? { status: 403, error: 'AccessDenied' };
  }
}

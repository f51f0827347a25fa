// SPDX-License-Identifier: Apache-2.0
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { Finding } from './finding';
import { Session } from './session';
import { Target } from './target';

/** What a check of one target looks at. */
export interface Subject {
  readonly target: Target;
  readonly type: InstanceTypeInfo;
  /** All targets of the stack, for what they share. */
  readonly stack: readonly Pick<Subject, 'target' | 'type'>[];
}

/** One question to AWS about one target. It only reads. */
export interface Check {
  readonly name: string;
  /** The actions it needs, in the words of IAM. */
  readonly actions: readonly string[];
  run(session: Session, subject: Subject): Promise<Finding>;
}

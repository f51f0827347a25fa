// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import { AwsError } from './aws-error';
import { QueryCall } from './query-call';
import { ACCOUNT } from './region';

const USER = `arn:aws:iam::${ACCOUNT}:user/engineer`;
const SESSION_MS = 3_600_000; // an hour, as the roles of the CDK bootstrap

/** The token service: who calls, and the roles they take on. */
export class Sts {
  /** Names of the roles, by access key. */
  private readonly roles = new Map<string, string>();

  /** Who signs with a key: the name of a role, or `engineer`. */
  caller(accessKey: string): string {
    return this.roles.get(accessKey) ?? 'engineer';
  }

  answer(call: QueryCall): object {
    switch (call.action) {
      case 'GetCallerIdentity':
        return { Arn: USER, UserId: 'AIDAEXAMPLE', Account: ACCOUNT };
      case 'AssumeRole':
        return this.assumeRole(call.need('RoleArn'), call.need('RoleSessionName'));
      default:
        throw new AwsError('InvalidAction', `the stand-in's STS knows no ${call.action}`);
    }
  }

  private assumeRole(arn: string, session: string): object {
    const [, name] = new RegExp(`^arn:aws:iam::${ACCOUNT}:role/(.+)$`).exec(arn) ?? [];
    if (name === undefined) {
      throw new AwsError('AccessDenied', `${USER} is not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403);
    }
    const accessKey = `ASIA${crypto.randomBytes(8).toString('hex').toUpperCase()}`;
    this.roles.set(accessKey, name);
    return {
      Credentials: {
        AccessKeyId: accessKey,
        SecretAccessKey: crypto.randomBytes(30).toString('base64'),
        SessionToken: crypto.randomBytes(100).toString('base64'),
        Expiration: new Date(Date.now() + SESSION_MS),
      },
      AssumedRoleUser: { AssumedRoleId: `AROAEXAMPLE:${session}`, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}` },
    };
  }
}

// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';

/** Where everything is deployed to. The account number is the one that AWS's own documents use. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
export const ZONES = ['a', 'b', 'c'].map((letter) => `${REGION}${letter}`);

/** Resource ids as EC2 makes them: 17 hex digits. */
export function resourceId(prefix: string): string {
  return `${prefix}-${crypto.randomBytes(9).toString('hex').slice(1)}`;
}

/** The address that an instance's management ENI has. */
export function privateIp(instanceId: string): string {
  const [a, b] = crypto.createHash('sha256').update(instanceId).digest();
  return `10.0.${a}.${b}`;
}

// SPDX-License-Identifier: Apache-2.0
import type { EC2Client, InstanceTypeInfo } from '@aws-sdk/client-ec2';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { explainAwsError, isCredentialsError, isDenied } from './aws-error';
import { ec2Sdk, serviceQuotasSdk } from './sdk';
import { CommandError } from '../commands/command-error';

/** Milliseconds. Without them a network that drops packets would hold the command for minutes. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 30_000 };

/** How far this machine's clock is off AWS's, and how sure that is. */
export interface ClockOffset {
  readonly seconds: number;
  readonly uncertainty: number;
}

/** The connection to one region, and what every check needs from it. */
export class Session {
  static async open(region: string | undefined): Promise<Session> {
    const { EC2Client } = ec2Sdk();
    const { ServiceQuotasClient } = serviceQuotasSdk();
    const ec2 = new EC2Client({ region, requestHandler: TIMEOUTS });
    const resolved = await ec2.config.region().catch(() => undefined);
    if (!resolved) {
      throw CommandError.usage('no region is set; give one with --region, or set AWS_REGION');
    }
    return new Session(resolved, ec2, new ServiceQuotasClient({ region: resolved, requestHandler: TIMEOUTS }));
  }

  /** The best measurement so far; undefined before the first answer. */
  clock?: ClockOffset;

  private constructor(readonly region: string, readonly ec2: EC2Client, readonly quotas: ServiceQuotasClient) {
    this.watchClock();
  }

  /**
   * Everything EC2 says of the instance types. The first call of all, so it also finds out whether the caller may ask at
   * all: one clear message is better than nine checks that say the same.
   */
  async describe(types: readonly string[]): Promise<InstanceTypeInfo[]> {
    const { DescribeInstanceTypesCommand } = ec2Sdk();
    try {
      const command = new DescribeInstanceTypesCommand({ InstanceTypes: [...types] as never[], IncludeUnsupportedInRegion: true });
      return (await this.ec2.send(command)).InstanceTypes ?? [];
    } catch (error) {
      if (isCredentialsError(error)) {
        throw CommandError.usage(explainAwsError(error));
      }
      if (isDenied(error)) {
        throw CommandError.usage(`${explainAwsError(error)}; preflight needs the read-only actions of 'kb preflight --help'`);
      }
      if (error instanceof Error && error.name === 'InvalidInstanceType') {
        throw CommandError.usage(`EC2 knows no such instance type: ${error.message}`);
      }
      throw CommandError.retry(explainAwsError(error));
    }
  }

  close(): void {
    this.ec2.destroy();
    this.quotas.destroy();
  }

  /** Reads the Date header of each answer; it has whole seconds, so the true time is half a second later on average. */
  private watchClock(): void {
    this.ec2.middlewareStack.add((next) => async (args) => {
      const sent = Date.now();
      const result = await next(args);
      const received = Date.now();
      const header = (result.response as { headers?: Record<string, string> } | undefined)?.headers?.date;
      const there = Date.parse(header ?? '') + 500;
      const uncertainty = (500 + (received - sent) / 2) / 1000;
      if (!Number.isNaN(there) && uncertainty < (this.clock?.uncertainty ?? Infinity)) {
        this.clock = { seconds: ((sent + received) / 2 - there) / 1000, uncertainty };
      }
      return result;
    }, { step: 'deserialize', name: 'kbClock', priority: 'low' });
  }
}

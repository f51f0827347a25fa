// SPDX-License-Identifier: Apache-2.0
import { instanceFacts } from '../../../lib/private/instance-facts';
import { isDenied } from '../aws-error';
import { Check } from '../check';
import { fail, Finding, pass, skip } from '../finding';
import { ec2Sdk, serviceQuotasSdk } from '../sdk';
import { Session } from '../session';
import { Target } from '../target';

interface Quota {
  readonly code: string;
  readonly name: string;
  /** First letters of the families that share it. */
  readonly families: string;
}

const QUOTAS: readonly Quota[] = [
  { code: 'L-1216C47A', name: 'Running On-Demand Standard instances', families: 'acdhimrtz' },
  { code: 'L-7295265B', name: 'Running On-Demand X instances', families: 'x' },
];

/** The account may run as many vCPUs as the whole stack adds to what runs already. */
export const quota: Check = {
  name: 'quota',
  actions: ['servicequotas:GetServiceQuota', 'servicequotas:GetAWSDefaultServiceQuota', 'ec2:DescribeInstances'],
  async run(session, { target, stack }): Promise<Finding> {
    const which = quotaOf(target.instanceType);
    if (which === undefined) {
      return skip(`the quota of ${target.instanceType} is not one this check knows`);
    }
    if (isSpot(target)) {
      return skip('Spot instances have a quota of their own');
    }
    const sharing = stack.filter((other) => quotaOf(other.target.instanceType) === which && !isSpot(other.target));
    const needs = new Map<string, number>();
    for (const { target: { count, group, name }, type } of sharing) {
      // A group takes one of its types for each host: the largest is the most it can need.
      const host = group ?? name;
      needs.set(host, Math.max(needs.get(host) ?? 0, count * (type.VCpuInfo?.DefaultVCpus ?? 0)));
    }
    const needed = [...needs.values()].reduce((sum, vcpus) => sum + vcpus, 0);
    const limit = await limitOf(session, which.code);
    const used = await usedVcpus(session, which);
    const state = `${needed} vCPUs needed, ${limit} allowed${used === undefined ? '' : `, ${used} in use`} (${which.name}, ${which.code})`;
    if (needed + (used ?? 0) > limit) {
      return fail(state, `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${which.code}`
        + ` --desired-value ${needed + (used ?? 0)} --region ${session.region}`);
    }
    return pass(state);
  },
};

function isSpot({ launch }: Target): boolean {
  return launch.InstanceMarketOptions?.MarketType === 'spot';
}

function quotaOf(type: string): Quota | undefined {
  const series = /^([a-z]+?)\d/.exec(type)?.[1] ?? '';
  // One letter only: 'inf', 'trn', 'hpc' and 'mac' have quotas of their own.
  return series.length === 1 ? QUOTAS.find(({ families }) => families.includes(series)) : undefined;
}

async function limitOf(session: Session, code: string): Promise<number> {
  const { GetServiceQuotaCommand, GetAWSDefaultServiceQuotaCommand } = serviceQuotasSdk();
  const query = { ServiceCode: 'ec2', QuotaCode: code };
  try {
    return (await session.quotas.send(new GetServiceQuotaCommand(query))).Quota?.Value ?? 0;
  } catch (error) {
    if ((error as Error).name !== 'NoSuchResourceException') {
      throw error;
    }
    // An account that never had the quota changed has only the default.
    return (await session.quotas.send(new GetAWSDefaultServiceQuotaCommand(query))).Quota?.Value ?? 0;
  }
}

/** vCPUs of what runs under the quota now; undefined when the caller may not see it. */
async function usedVcpus(session: Session, which: Quota): Promise<number | undefined> {
  const { paginateDescribeInstances } = ec2Sdk();
  let used = 0;
  try {
    const query = { Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] };
    for await (const page of paginateDescribeInstances({ client: session.ec2 }, query)) {
      const instances = (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
      for (const instance of instances) {
        const type = instance.InstanceType as string;
        if (instance.InstanceLifecycle === undefined && quotaOf(type) === which) {
          const facts = instanceFacts(type);
          const { CoreCount = 0, ThreadsPerCore = 0 } = instance.CpuOptions ?? {};
          used += facts ? facts.cores * facts.threadsPerCore : CoreCount * ThreadsPerCore;
        }
      }
    }
  } catch (error) {
    if (isDenied(error)) {
      return undefined;
    }
    throw error;
  }
  return used;
}

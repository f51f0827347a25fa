// SPDX-License-Identifier: Apache-2.0
import type { Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { kibibytesOf } from './private/amounts';
import type { InstanceFacts } from './private/instance-facts';

/** One network card, in the words of `aws ec2 describe-instance-types`. */
export interface NetworkCardCapabilities {
  /** ENIs that the card carries (MaximumNetworkInterfaces). */
  readonly maximumNetworkInterfaces: number;

  /** Queues of an ENI that asks for none (DefaultEnaQueueCountPerInterface). */
  readonly defaultEnaQueueCount: number;

  /**
   * Queues of an ENI at most (MaximumEnaQueueCountPerInterface).
   *
   * @default - the default count
   */
  readonly maximumEnaQueueCount?: number;
}

/** What an instance type can do, in the words of `aws ec2 describe-instance-types`. */
export interface InstanceCapabilitiesOptions {
  /** Physical cores (DefaultCores). */
  readonly cores: number;

  /**
   * Hardware threads per core (DefaultThreadsPerCore), 1 or 2.
   *
   * @default 2
   */
  readonly threadsPerCore?: number;

  /** Memory (SizeInMiB). */
  readonly memory: Size;

  /** Network cards, from card 0. */
  readonly networkCards: NetworkCardCapabilities[];

  /**
   * NUMA nodes. EC2 does not publish them; the host compares them with what it finds.
   *
   * @default 1
   */
  readonly numaNodes?: number;

  /**
   * No hypervisor (BareMetal): the guest has an IOMMU and no CPU options.
   *
   * @default false
   */
  readonly bareMetal?: boolean;

  /**
   * The number of queues of an ENI can be chosen (FlexibleEnaQueuesSupport).
   *
   * @default false
   */
  readonly flexibleEnaQueues?: boolean;

  /**
   * ENA Express can be switched on (EnaSrdSupported).
   *
   * @default false
   */
  readonly enaExpress?: boolean;
}

/**
 * What an instance type can do, for types that this library does not know yet. What it does know comes from EC2 and
 * is dated; what is said here goes before it.
 */
export class InstanceCapabilities {
  /** The answers of EC2's DescribeInstanceTypes for one type. */
  public static of(options: InstanceCapabilitiesOptions): InstanceCapabilities {
    return new InstanceCapabilities(options);
  }

  private constructor(private readonly options: InstanceCapabilitiesOptions) {}

  /** @internal */
  public _bind(instanceType: ec2.InstanceType): InstanceFacts {
    const { options } = this;
    return {
      instanceType: instanceType.toString(),
      arch: instanceType.architecture === ec2.InstanceArchitecture.ARM_64 ? 'arm64' : 'x86_64',
      cores: options.cores,
      threadsPerCore: options.threadsPerCore ?? 2,
      numaNodes: options.numaNodes ?? 1,
      memoryGiB: kibibytesOf(options.memory) / 2 ** 20,
      nitro: 0, // no decision rests on it
      metal: options.bareMetal ?? false,
      flexibleQueues: options.flexibleEnaQueues ?? false,
      enaExpress: options.enaExpress ?? false,
      ptpHardwareClock: false, // the same
      cards: options.networkCards.map(card => ({
        interfaces: card.maximumNetworkInterfaces,
        defaultQueues: card.defaultEnaQueueCount,
        maxQueues: card.maximumEnaQueueCount ?? card.defaultEnaQueueCount,
        totalQueues: 0,
      })),
    };
  }
}

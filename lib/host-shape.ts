// SPDX-License-Identifier: Apache-2.0
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { CoreLayout } from './core-layout';
import type { DataInterface } from './data-interface';
import type { HostTuning } from './host-tuning';
import type { InstanceCapabilities } from './instance-capabilities';

/** What a host's kernel is started with follows from this and its data plane. */
export interface HostShape {
  /**
   * Type of the instance. It must be known at synth: cores, queues and memory are planned from it.
   *
   * @default - c6in.32xlarge: 64 cores, two 100 Gbit/s network cards
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * What `instanceType` can do, where this library does not know it.
   *
   * @default - as EC2 described the type when this library was released
   */
  readonly instanceCapabilities?: InstanceCapabilities;

  /**
   * The ENI that carries packets.
   *
   * @default - on network card 1 where there is one, device index 1, in the subnet of the management ENI
   */
  readonly dataInterface?: DataInterface;

  /**
   * Hardware threads per core: 1 or 2.
   *
   * @default 1
   */
  readonly threadsPerCore?: number;

  /**
   * Which CPUs do what.
   *
   * @default CoreLayout.auto()
   */
  readonly coreLayout?: CoreLayout;

  /**
   * What is changed about the host.
   *
   * @default HostTuning.lowLatency()
   */
  readonly tuning?: HostTuning;
}

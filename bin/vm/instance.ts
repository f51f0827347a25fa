// SPDX-License-Identifier: Apache-2.0

/** A subnet of the lab's VPC: a bridge, whose own address is the subnet's router. */
export interface Subnet {
  readonly id: string;
  readonly bridge: string;
  readonly network: string;
  readonly prefix: number;
  readonly router: string;
}

/** One elastic network interface, plugged into its subnet. */
export interface Interface {
  readonly deviceIndex: number;
  readonly networkCard: number;
  readonly id: string;
  readonly mac: string;
  readonly address: string;
  readonly subnet: Subnet;
  /** The end of its wire in the subnet. */
  readonly tap: string;
}

/** What EC2 knows about an instance once it has launched it. */
export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly imageId: string;
  readonly accountId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly role: string;
  /** Those the metadata service shows. */
  readonly tags: Readonly<Record<string, string>>;
  /** The primary interface first. */
  readonly interfaces: readonly Interface[];
  readonly userData: string;
}

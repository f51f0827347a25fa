// SPDX-License-Identifier: Apache-2.0

/** One elastic network interface, as the launch template asks for it and the lab's VPC places it. */
export interface Interface {
  readonly deviceIndex: number;
  readonly networkCard: number;
  readonly id: string;
  readonly mac: string;
  readonly address: string;
  /** Where it is plugged in on the lab's side. */
  readonly subnet: Subnet;
}

/** A subnet of the lab's VPC; its router is the lab's end of the wire. */
export interface Subnet {
  readonly id: string;
  readonly tap: string;
  readonly network: string;
  readonly prefix: number;
  readonly router: string;
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
  readonly tags: Readonly<Record<string, string>>;
  /** The primary interface first. */
  readonly interfaces: readonly Interface[];
  readonly userData: string;
}

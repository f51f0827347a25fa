// SPDX-License-Identifier: Apache-2.0
import { Place } from './confine';
import { Change } from './lab-plan';
import { Causes } from './ledger';
import { PREFIX_LENGTH, RECEIVER, SENDER } from './network';
import { Plan } from './plan';

/** What carries the packets from the generator to the receiver. */
export interface LabWire {
  /** Where the receiver runs. */
  readonly receiver: Place;
  /** What the step data-nic would find on a host. */
  readonly host: Plan;
  /** How the plan must differ on this wire. */
  readonly changes: readonly Change[];
  /** A generator's command line, without how much it sends. */
  readonly generator: readonly [program: string, args: readonly string[], place: Place];
  /** Free for the receiver to listen on? Throws when it is not. */
  check(port: number): Promise<void>;
  /** What the wire dropped by now that no receiver can know of. */
  dropped(): Promise<Causes>;
}

/** What both ends know of each other on any wire: the sender is the receiver's router too. */
export const HOST: Plan = {
  KB_DATA_IP: RECEIVER.address,
  KB_DATA_PREFIX: String(PREFIX_LENGTH),
  KB_DATA_MAC: RECEIVER.mac,
  KB_GATEWAY_IP: SENDER.address,
  KB_GATEWAY_MAC: SENDER.mac,
};

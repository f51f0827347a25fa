// SPDX-License-Identifier: Apache-2.0
import { Cores } from './cores';
import { Plan } from './plan';

/** A key of the plan that the lab changes, and why it must. */
export interface Override {
  readonly key: string;
  /** undefined: a plan never holds this key. */
  readonly planned?: string;
  readonly lab: string;
  readonly why: string;
}

/** What the lab's machine is, in place of the host that the plan is for. */
export interface LabMachine {
  readonly cores: Cores;
  /** What the step data-nic would find: `KB_DATA_IFACE` and the rest of host.env. */
  readonly host: Plan;
  readonly statsPage: string;
  /** The user's own handler is compiled in. */
  readonly customHandler: boolean;
  /** What the wire needs to be different. */
  readonly changes: readonly Change[];
}

/** A key, the value it needs here, and why. */
export type Change = readonly [key: string, value: string, why: string];

/** The plan that a lab's receiver is started with, and how it differs from the synthesised one. */
export interface LabPlan {
  readonly env: Plan;
  readonly overrides: readonly Override[];
}

/** Changes as little of a plan as this machine allows, and says what. */
export function labPlan(plan: Plan, machine: LabMachine): LabPlan {
  const wanted: Change[] = [
    ['KB_QUEUES', '1', 'the wire has one queue'],
    ['KB_RX_CORES', String(machine.cores.receiver), 'a CPU of this machine'],
    ['KB_HOUSEKEEPING_CORES', String(machine.cores.housekeeping), 'a CPU of this machine'],
    ['KB_ISOLATED_CORES', '', 'this machine was not booted for it'],
    ['KB_STATS_PAGE', machine.statsPage, 'a folder of this run'],
    ...machine.changes,
  ];
  if (machine.customHandler) {
    wanted.push(['KB_HANDLER', 'custom', '--handler']);
  }
  const overrides = wanted
    .filter(([key, value]) => plan[key] !== value)
    .map(([key, lab, why]) => ({ key, ...(key in plan ? { planned: plan[key] } : {}), lab, why }));
  return {
    env: { ...plan, ...machine.host, ...Object.fromEntries(overrides.map((change) => [change.key, change.lab])) },
    overrides,
  };
}

/** The first flow of a plan: where the generator sends. */
export function firstFlow(plan: Plan): { address: string; port: number } {
  const [, address, port] = (plan.KB_FLOWS ?? '').split(',')[0].split(':');
  return { address, port: Number(port) };
}

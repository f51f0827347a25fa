// SPDX-License-Identifier: Apache-2.0

/** FAIL: a deployment would not work. SKIP: nothing is known, or nothing is asked; says why. */
export type Status = 'PASS' | 'FAIL' | 'SKIP';

/** What one check found. */
export interface Finding {
  readonly status: Status;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
  /** The action that AWS denied, so that the check could not be made. */
  readonly denied?: string;
}

export function pass(detail: string): Finding {
  return { status: 'PASS', detail };
}

export function fail(detail: string, fix: string): Finding {
  return { status: 'FAIL', detail, fix };
}

export function skip(detail: string, fix?: string): Finding {
  return fix === undefined ? { status: 'SKIP', detail } : { status: 'SKIP', detail, fix };
}

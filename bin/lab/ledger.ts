// SPDX-License-Identifier: Apache-2.0

/** Counts by the name of their cause. */
export type Causes = Readonly<Record<string, number>>;

/** Where every packet of a run went. */
export interface Ledger {
  /** Exactly what the generator handed to its wire. */
  readonly sent: number;
  /** Delivered to the handler and not refused by it. */
  readonly received: number;
  /** Not delivered, by cause; causes that never happened are left out. */
  readonly lost: Causes;
  /** Other traffic, by cause: no part of the account. */
  readonly ignored: Causes;
  /** sent - received - lost. Below zero means that something was counted twice, which is as wrong. */
  readonly unexplained: number;
}

export function ledger(sent: number, received: number, lost: Causes, ignored: Causes): Ledger {
  return { sent, received, lost: happened(lost), ignored: happened(ignored), unexplained: sent - received - sum(lost) };
}

export function sum(causes: Causes): number {
  return Object.values(causes).reduce((all, count) => all + count, 0);
}

/** newer - older, cause by cause. */
export function growth(newer: Causes, older: Causes): Causes {
  return Object.fromEntries(Object.entries(newer).map(([cause, count]) => [cause, count - (older[cause] ?? 0)]));
}

function happened(causes: Causes): Causes {
  return Object.fromEntries(Object.entries(causes).filter(([, count]) => count !== 0));
}

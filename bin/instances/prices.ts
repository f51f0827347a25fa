// SPDX-License-Identifier: Apache-2.0
import { INSTANCE_PRICE_DATE, INSTANCE_TABLE } from '../../lib/private/instance-table';
import { CommandError } from '../commands/command-error';

/** On-demand prices in US dollars per hour (Linux, us-east-1), and the day they were read. */
export interface Prices {
  readonly date: string;
  readonly usdPerHour: Readonly<Record<string, number>>;
}

/** The prices the table has now: they are kept unless new ones are given. */
export function pricesInTable(): Prices {
  const usdPerHour = Object.fromEntries(INSTANCE_TABLE.map((row) => [row[0], row[10]]));
  return { date: INSTANCE_PRICE_DATE, usdPerHour };
}

/** Reads `{ "date": "2026-07-20", "usdPerHour": { "c6in.32xlarge": 7.2576 } }`. */
export function parsePrices(text: string, file: string): Prices {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw CommandError.usage(`'${file}' is not JSON: ${(error as Error).message}`);
  }
  const { date, usdPerHour } = (value ?? {}) as Partial<Prices>;
  if (typeof date !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
    throw CommandError.usage(`'${file}' must have a "date" such as "2026-07-20"`);
  }
  if (typeof usdPerHour !== 'object' || Object.values(usdPerHour).some((price) => !(price > 0))) {
    throw CommandError.usage(`'${file}' must have "usdPerHour": an object of type names to positive numbers`);
  }
  return { date, usdPerHour };
}

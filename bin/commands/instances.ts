// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Command } from './command';
import { CommandError } from './command-error';
import { guard, parseOptions } from './guard';
import { INSTANCE_PRICE_DATE, INSTANCE_TABLE, INSTANCE_TABLE_DATE } from '../../lib/private/instance-table';
import { describeInstanceTypes, parseInstanceTypes } from '../instances/describe';
import { FAMILIES } from '../instances/families';
import { instanceList, instanceObject } from '../instances/list';
import { parsePrices, pricesInTable } from '../instances/prices';
import { instanceRows } from '../instances/rows';
import { tableFile } from '../instances/table-file';

const TABLE_FILE = 'lib/private/instance-table.ts';

const USAGE = `usage: kb instances [--type TYPE|FAMILY] [--json]
       kb instances --regenerate [--region R] [--from FILE --date D --source TEXT] [--prices FILE] [--out FILE]

Shows what this library knows of instance types, without AWS; or asks EC2 and rewrites that table.

  --type T       one type (c6in.32xlarge) or one family (c6in)
  --json         as JSON
  --regenerate   rewrite ${TABLE_FILE} from DescribeInstanceTypes (ec2:DescribeInstanceTypes)
  --region R     the region to ask (us-east-1); types it does not have are included
  --from FILE    a saved answer of 'aws ec2 describe-instance-types' instead of asking
  --date D       the day of the saved answer, such as 2026-10-27
  --source TEXT  where the saved answer came from, for the header of the table
  --prices FILE  new prices, { "date": "2026-07-20", "usdPerHour": { "c6in.32xlarge": 7.2576 } };
                 those in the table are kept by default
  --out FILE     another file to write
  --help         this text

Exit status: 0 done, 1 AWS could not be asked, 2 the arguments are wrong.
`;

const OPTIONS = {
  'type': { type: 'string' },
  'json': { type: 'boolean' },
  'regenerate': { type: 'boolean' },
  'region': { type: 'string' },
  'from': { type: 'string' },
  'date': { type: 'string' },
  'source': { type: 'string' },
  'prices': { type: 'string' },
  'out': { type: 'string' },
  'help': { type: 'boolean' },
} as const;

type Options = ReturnType<typeof parseOptions<typeof OPTIONS>>;

export const instances: Command = {
  name: 'instances',
  summary: 'what an instance type can do: cores, cards, queues, clock, price',
  run: (args) => guard('instances', async () => {
    const options = parseOptions(args, OPTIONS);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    return options.regenerate ? regenerate(options) : show(options);
  }),
};

function show(options: Options): number {
  const extra = ['region', 'from', 'date', 'source', 'prices', 'out'].find((name) => name in options);
  if (extra !== undefined) {
    throw CommandError.usage(`'--${extra}' is only for --regenerate`);
  }
  const wanted = options.type;
  const rows = INSTANCE_TABLE.filter(([type]) => wanted === undefined || type === wanted || type.split('.')[0] === wanted);
  if (rows.length === 0) {
    throw CommandError.usage(
      `'${wanted}' is not in the table of ${INSTANCE_TABLE_DATE}, which has the families ${[...FAMILIES.keys()].join(' ')}`,
    );
  }
  if (options.json) {
    console.log(JSON.stringify({ date: INSTANCE_TABLE_DATE, priceDate: INSTANCE_PRICE_DATE, instances: rows.map(instanceObject) }, null, 2));
  } else {
    console.log(instanceList(rows));
    console.log(`\nEC2's answers of ${INSTANCE_TABLE_DATE}; prices on demand in us-east-1 of ${INSTANCE_PRICE_DATE}. NUMA nodes are expected, not stated by EC2.`);
  }
  return 0;
}

async function regenerate(options: Options): Promise<number> {
  const out = options.out ?? TABLE_FILE;
  if (options.out === undefined && !fs.existsSync(TABLE_FILE)) {
    throw CommandError.usage(`there is no ${TABLE_FILE} here: run this in a checkout of cdk-kernel-bypass, or name a file with --out`);
  }
  if (options.type !== undefined || options.json) {
    throw CommandError.usage("'--type' and '--json' show the table and cannot go with --regenerate");
  }
  const region = options.region ?? 'us-east-1';
  const prices = options.prices === undefined ? pricesInTable() : parsePrices(read('prices', options.prices), options.prices);
  const types = options.from === undefined
    ? await describeInstanceTypes(region)
    : parseInstanceTypes(read('from', options.from), options.from);
  const rows = instanceRows(types, prices.usdPerHour);
  if (rows.length === 0) {
    throw CommandError.usage(`the answer of ${options.from ?? region} has none of the families ${[...FAMILIES.keys()].join(' ')}`);
  }
  fs.writeFileSync(out, tableFile(rows, provenance(options, region), prices));
  console.log(`${out}: ${rows.length} types, ${rows.filter((row) => row[10] === 0).length} without a price`);
  const missing = [...FAMILIES.keys()].filter((family) => !rows.some(([type]) => type.startsWith(`${family}.`)));
  if (missing.length > 0) {
    console.error(`kb instances: no answer for the families ${missing.join(' ')}`);
  }
  return 0;
}

function provenance(options: Options, region: string) {
  if (options.from === undefined) {
    return { source: `DescribeInstanceTypes in ${region}`, date: new Date().toISOString().slice(0, 10) };
  }
  if (options.date === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(options.date)) {
    throw CommandError.usage(`'--date' must be the day of the saved answer, such as 2026-10-27, got '${options.date ?? ''}'`);
  }
  if (options.source === undefined) {
    throw CommandError.usage("'--source' must say where the saved answer came from");
  }
  return { source: options.source, date: options.date };
}

function read(option: string, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw CommandError.usage(`'--${option}' must be a file that can be read, got '${file}': ${(error as Error).message}`);
  }
}

// SPDX-License-Identifier: Apache-2.0
// `npm test`: every suite this machine can run, one after the other, and one count at the end.
// A suite that cannot run here is counted as skipped, with the reason.
import { parseArgs } from 'node:util';
import { suites } from './suites/index.mjs';

const HELP = `usage: npm test -- [--only SUITE,...] [--skip SUITE,...] [--all] [--list]

  --only SUITE,...  run just these suites
  --skip SUITE,...  leave these out
  --all             also the slow suites: other languages, the lab under sanitizers (minutes each)
  --begin-within M  begin no suite later than M minutes after the first: those left count as skipped
  --list            name the suites and stop
`;

function options() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string' },
        skip: { type: 'string' },
        all: { type: 'boolean', default: false },
        'begin-within': { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    fail(error.message);
  }
}

function fail(message) {
  console.error(`npm test: ${message}\n\n${HELP}`);
  process.exit(2);
}

function pick(names, flag) {
  const list = (names ?? '').split(',').filter(Boolean);
  const unknown = list.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    fail(`'${flag}' knows ${suites.map((suite) => suite.name).join(', ')}; got ${unknown.join(', ')}`);
  }
  return list;
}

const args = options();
if (args.help) {
  console.log(HELP);
  process.exit(0);
}
if (args.list) {
  for (const suite of suites) {
    console.log(`${suite.name.padEnd(12)} ${suite.what}${suite.slow ? ' (only with --all)' : ''}`);
  }
  process.exit(0);
}
const beginWithin = Number(args['begin-within'] ?? Infinity);
if (!(beginWithin > 0)) {
  fail(`'--begin-within' must be a number of minutes above 0, got '${args['begin-within']}'`);
}
const only = pick(args.only, '--only');
const skip = pick(args.skip, '--skip');
const chosen = suites.filter((suite) => (only.length > 0 ? only.includes(suite.name) : args.all || !suite.slow) && !skip.includes(suite.name));

const begun = Date.now();
const tooLate = () => ((Date.now() - begun) / 60_000 > beginWithin
  ? `skipped: more than ${beginWithin} minutes had passed; run it with --only` : undefined);

const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
for (const suite of chosen) {
  console.log(`\n=== ${suite.name}: ${suite.what}`);
  const started = Date.now();
  const missing = suite.missing?.() ?? tooLate();
  const result = missing
    ? { passed: 0, failed: 0, skipped: 1, notes: [missing] }
    : await suite.run();
  for (const key of Object.keys(total)) {
    total[key] += result[key];
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  lines.push(`${suite.name.padEnd(12)} ${String(result.passed).padStart(5)} passed ${String(result.failed).padStart(4)} failed ${String(result.skipped).padStart(4)} skipped  ${seconds} s`);
  for (const note of result.notes ?? []) {
    lines.push(`             ${note}`);
  }
}

console.log(`\n${lines.join('\n')}\n`);
if (total.passed + total.failed === 0) {
  console.log('no test ran');
  process.exit(1);
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);

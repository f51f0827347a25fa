// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command';
import { CommandError } from './command-error';
import { guard, parseOptions } from './guard';
import { measurementsOf } from '../advise/measurements';
import { LabReport, readReport } from '../lab/report';
import { advise as recommend, ONLOAD_ALTERNATIVES, ONLOAD_REFUSAL } from '../../lib/private/advice';
import { Recommendation, RecommendationProps, Technology } from '../../lib/recommendation';

const USAGE = `usage: kb advise --pps RATE [--p99 TIME] [--tech NAME] [--report FILE] [requirements] [--json]

Says which data plane suits, why, and what the published numbers hold against it.

  --pps RATE                  packets per second at the peak: 150000, 150k or 1.5M
  --p99 TIME                  what 99 % of packets must stay below: 50us or 0.05ms
  --tech NAME                 what you have in mind: kernel, xdp, afxdp, dpdk or onload
  --report FILE               what 'kb lab --json FILE' measured, instead of the published numbers
  --multicast-replication     datagrams are replicated to many subscribers
  --custom-protocol           the traffic is not plain UDP
  --simplicity                simplicity is worth more than latency
  --filter-only               packets are to be filtered, nothing more
  --zero-copy                 the handler must see the NIC's own buffers
  --json                      as JSON
  --help                      this text

Exit status: 0 answered, 2 the arguments are wrong.
`;

const OPTIONS = {
  'pps': { type: 'string' },
  'p99': { type: 'string' },
  'tech': { type: 'string' },
  'report': { type: 'string' },
  'multicast-replication': { type: 'boolean' },
  'custom-protocol': { type: 'boolean' },
  'simplicity': { type: 'boolean' },
  'filter-only': { type: 'boolean' },
  'zero-copy': { type: 'boolean' },
  'json': { type: 'boolean' },
  'help': { type: 'boolean' },
} as const;

export const advise: Command = {
  name: 'advise',
  summary: 'which data plane suits a packet rate and a latency target',
  run: (args) => guard('advise', () => answer(args)),
};

function answer(args: string[]): number {
  const options = parseOptions(args, OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const technology = options.tech === undefined ? undefined : parseTechnology(options.tech);
  if (technology === Technology.ONLOAD) {
    // A question with an answer, not a mistake: the answer is no.
    const refusal = { supported: false, reason: ONLOAD_REFUSAL, alternatives: ONLOAD_ALTERNATIVES };
    process.stdout.write(options.json ? json(refusal) : `no: ${ONLOAD_REFUSAL};\n${ONLOAD_ALTERNATIVES}.\n`);
    return 0;
  }
  if (options.pps === undefined) {
    throw CommandError.usage("'--pps' is needed: the packets per second at the peak, such as 150000; see --help");
  }
  const report = options.report === undefined ? undefined : readReport(options.report);
  const recommendation = ask({
    packetsPerSecond: parseRate(options.pps),
    p99Micros: options.p99 === undefined ? undefined : parseMicros(options.p99),
    technology,
    multicastReplication: options['multicast-replication'],
    customProtocol: options['custom-protocol'],
    maximumSimplicity: options.simplicity,
    filteringOnly: options['filter-only'],
    zeroCopy: options['zero-copy'],
    measurements: report && measurementsOf(report, options.report!),
  });
  process.stdout.write(options.json ? json(recommendation) : prose(recommendation, footnote(report, options.report)));
  return 0;
}

function ask(props: RecommendationProps): Recommendation {
  try {
    return recommend(props);
  } catch (error) {
    throw CommandError.usage((error as Error).message);
  }
}

function parseTechnology(text: string): Technology {
  const technology = Object.values(Technology).find((name) => name.valueOf() === text.toLowerCase());
  if (!technology) {
    throw CommandError.usage(`'--tech' must be one of ${Object.values(Technology).join(', ')}, got '${text}'`);
  }
  return technology;
}

function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text);
  const rate = match ? Number(match[1]) * { '': 1, 'k': 1e3, 'M': 1e6 }[match[2] as '' | 'k' | 'M'] : NaN;
  if (!(rate >= 1 && rate <= 1e9)) {
    throw CommandError.usage(`'--pps' must be a rate between 1 and 1000000000 such as 150000, 150k or 1.5M, got '${text}'`);
  }
  return rate;
}

function parseMicros(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|µs|ms|ns)$/.exec(text);
  const micros = match ? Number(match[1]) * { us: 1, µs: 1, ms: 1e3, ns: 1e-3 }[match[2] as 'us' | 'µs' | 'ms' | 'ns'] : NaN;
  if (!(micros > 0 && micros <= 1e6)) {
    throw CommandError.usage(`'--p99' must be a time up to one second such as 50us or 0.05ms, got '${text}'`);
  }
  return micros;
}

/** What the figures are worth. */
function footnote(report: LabReport | undefined, file?: string): string {
  return report === undefined
    ? 'The figures are published ones, not measured here; measure yours before you rely on them.'
    : `The figures are those of '${file}', and published ones for planes it has no run of. ${report.statement}`;
}

function prose({ summary, reasons, contradictions, alternatives }: Recommendation, note: string): string {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  - ${line}\n`).join('')}`;
  return `${summary}\n`
    + section('Why', reasons)
    + section('What speaks against it', contradictions)
    + section('What else would do', alternatives)
    + `\n${note}\n`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

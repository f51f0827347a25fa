// SPDX-License-Identifier: Apache-2.0
import type { FanoutHandlerOptions, FeedHandlerOptions, RingHandlerOptions } from '../packet-handler';
import { kibibytesOf } from './amounts';
import { isPowerOfTwo, range } from './bounds';
import { Findings } from './fail';
import { isIpv4 } from './ipv4';
import { PLAIN_WORD } from './plan-keys';

/** What a handler is told, and what is wrong with it. The bounds are those of src/handlers. */
export interface HandlerChoice {
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const MAX_LINES = 4;
const MIN_RING = 64; // KiB
const MAX_RING = 1024 * 1024;
const MAX_ARGUMENTS = 511; // include/kb/config.h keeps them in 512 bytes

export function feedChoice(options: FeedHandlerOptions): HandlerChoice {
  const findings = new Findings();
  const args: Record<string, string> = {};
  const { format, lines, reorderMicros } = options;
  if (format) {
    args.format = format.name;
  }
  if (format?.sequence) {
    const { offset, bytes = 8, littleEndian = false } = format.sequence;
    range(findings, 'offset', offset, 0, 8964);
    findings.check(bytes === 4 || bytes === 8, `'bytes' must be 4 or 8, got ${bytes}`);
    args.seq = `${offset}:${bytes}:${littleEndian ? 'le' : 'be'}`;
  }
  if (lines) {
    findings.check(lines.length >= 1 && lines.length <= MAX_LINES,
      `'lines' must have between 1 and ${MAX_LINES} ports, got ${lines.length}`);
    lines.forEach(port => range(findings, 'lines', port, 1, 65535));
    if (lines.length > 0) {
      args.lines = lines.join(',');
    }
  }
  if (reorderMicros !== undefined) {
    range(findings, 'reorderMicros', reorderMicros, 0, 10000000);
    args['reorder-us'] = `${reorderMicros}`;
  }
  return { name: 'feed', args, problems: findings.list };
}

export function ringChoice(options: RingHandlerOptions): HandlerChoice {
  const findings = new Findings();
  const args: Record<string, string> = {};
  const { path, capacity } = options;
  if (path !== undefined) {
    findings.check(/^\/[\w./-]{1,190}$/.test(path), `'path' must be an absolute path of at most 191 characters, got '${path}'`);
    args.path = path;
  }
  if (capacity !== undefined) {
    const kibibytes = kibibytesOf(capacity);
    if (capacity.isUnresolved()) {
      findings.add("'capacity' must be known at synth, got a token");
    } else {
      findings.check(isPowerOfTwo(kibibytes) && kibibytes >= MIN_RING && kibibytes <= MAX_RING,
        `'capacity' must be a power of two between 64 KiB and 1 GiB, got ${kibibytes} KiB`);
    }
    args.size = `${kibibytes * 1024}`;
  }
  return { name: 'ring', args, problems: findings.list };
}

export function fanoutChoice(options: FanoutHandlerOptions): HandlerChoice {
  const findings = new Findings();
  const args: Record<string, string> = {};
  const { subscribers = [], subscribersFile, fromPort } = options;
  findings.check((subscribers.length > 0) !== (subscribersFile !== undefined),
    "a fan-out needs either 'subscribers' or a 'subscribersFile'");
  for (const { address, port } of subscribers) {
    findings.check(isIpv4(address), `'address' of a subscriber must be an IPv4 address, got '${address}'`);
    range(findings, 'port', port, 1, 65535);
  }
  if (subscribers.length > 0) {
    args.to = subscribers.map(({ address, port }) => `${address}:${port}`).join(',');
  }
  if (subscribersFile !== undefined) {
    findings.check(/^\/[\w./-]+$/.test(subscribersFile), `'subscribersFile' must be an absolute path on the host, got '${subscribersFile}'`);
    args.subscribers = subscribersFile;
  }
  if (fromPort !== undefined) {
    range(findings, 'fromPort', fromPort, 1, 65535);
    args['from-port'] = `${fromPort}`;
  }
  return { name: 'fanout', args, problems: findings.list };
}

export function renderArguments(args: Readonly<Record<string, string>>): string {
  return Object.entries(args).map(([key, value]) => `${key}=${value}`).join(' ');
}

/** What holds for the arguments of any handler. */
export function checkHandler({ name, args, problems }: HandlerChoice, findings: Findings): void {
  problems.forEach(problem => findings.add(problem));
  for (const [key, value] of Object.entries(args)) {
    findings.check(/^[a-z][a-z0-9_-]*$/.test(key),
      `an argument of the handler must be named by lower-case letters, digits, '-' and '_', got '${key}'`);
    findings.check(PLAIN_WORD.test(value),
      `argument '${key}' of the handler must hold no space, control character, quote, '$' or '\\', got ${JSON.stringify(value)}`);
  }
  const { length } = renderArguments(args);
  findings.check(length <= MAX_ARGUMENTS, `the arguments of the handler may have at most ${MAX_ARGUMENTS} characters, got ${length}`
    + (name === 'fanout' ? "; give so many subscribers in a 'subscribersFile'" : ''));
}

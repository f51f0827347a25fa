// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Capture, readCapture } from './capture';
import { LAB_PLANES, LabPlane } from './planes';
import { CommandError } from '../commands/command-error';
import { parseOptions } from '../commands/guard';

/** What a lab is asked to do. */
export interface LabOptions {
  readonly planes: readonly LabPlane[];
  /** Messages per second; of a capture, on average. */
  readonly rate: number;
  /** UDP payload bytes; of a capture, on average. */
  readonly size: number;
  readonly seconds: number;
  /** Sent instead of messages of the generator's own. */
  readonly capture?: Capture;
  /** The capture goes out as it came in, and not at an even rate. */
  readonly ownPace?: boolean;
  /** A directory with a `kb_handler.c`; the plan's handler when undefined. */
  readonly handler?: string;
  readonly json?: string;
  readonly html?: string;
  /** Leave the namespaces, plans and logs of the runs for inspection. */
  readonly keep: boolean;
}

/** The benchmark this library is measured by: market data at 100,000 messages of 288 bytes a second. */
export const DEFAULT_RATE = 100_000;
export const DEFAULT_SIZE = 288;
export const DEFAULT_SECONDS = 5;

const MAX_RATE = 10_000_000; // beyond what any single core sends
const MIN_SIZE = 24; // the header that carries the sequence number and the time stamp
const MAX_SIZE = 8_972; // a jumbo frame of 9,000 bytes less 28 of IPv4 and UDP headers
const MAX_SECONDS = 86_400; // a day

export const LAB_USAGE = `usage: npm run lab [-- OPTION...]        (or: npx kb lab OPTION...)

Sends a feed through every data plane on this machine and accounts for every packet. Needs root.

  --planes LIST    which runs, comma separated; all of them by default
${LAB_PLANES.map((plane) => `                   ${plane.name.padEnd(11)} ${plane.what}`).join('\n')}
  --rate N         messages per second (${DEFAULT_RATE}), 1 to ${MAX_RATE}
  --size BYTES     UDP payload of a message (${DEFAULT_SIZE}), ${MIN_SIZE} to ${MAX_SIZE}
  --seconds N      measured time of each run (${DEFAULT_SECONDS}), 1 to ${MAX_SECONDS}
  --pcap FILE      the UDP payloads of a capture as the feed, at its own pace or at --rate
  --handler DIR    your own kb_handler.c instead of the plan's handler
  --json FILE      write the report; 'kb report FILE' shows it again
  --html FILE      write the report as one self-contained page with the distributions
  --keep           leave namespaces, plans and logs until the next lab
  --help           this text

Exit status: 0 every packet is accounted for, and none was lost up to the default rate; 1 packets
were lost or unexplained, or a run failed; 2 the arguments or the machine rule the lab out.
`;

/** Reads the command line; throws a `CommandError` that names the option, the value and what is allowed. */
export function parseLabOptions(args: readonly string[]): LabOptions | 'help' {
  const values = parseOptions([...args], OPTIONS);
  if (values.help) {
    return 'help';
  }
  const rate = whole('rate', values.rate, DEFAULT_RATE, 1, MAX_RATE, 'messages per second');
  const size = whole('size', values.size, DEFAULT_SIZE, MIN_SIZE, MAX_SIZE, 'bytes of UDP payload');
  const seconds = whole('seconds', values.seconds, DEFAULT_SECONDS, 1, MAX_SECONDS, 'seconds');
  return {
    planes: planes(values.planes),
    ...(values.pcap === undefined ? { rate, size, seconds } : recorded(values.pcap, values, rate)),
    handler: handler(values.handler),
    json: output('json', values.json),
    html: output('html', values.html),
    keep: values.keep ?? false,
  };
}

const OPTIONS = {
  planes: { type: 'string' },
  rate: { type: 'string' },
  size: { type: 'string' },
  seconds: { type: 'string' },
  pcap: { type: 'string' },
  handler: { type: 'string' },
  json: { type: 'string' },
  html: { type: 'string' },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** The feed of a capture: how much and how long is its own. */
function recorded(file: string, given: { rate?: string; size?: string; seconds?: string }, rate: number) {
  for (const name of ['size', 'seconds'] as const) {
    if (given[name] !== undefined) {
      throw CommandError.usage(`'--pcap' and '--${name}' exclude each other: the capture decides`);
    }
  }
  const capture = readCapture(path.resolve(file));
  const ownPace = given.rate === undefined;
  const seconds = ownPace ? capture.seconds : capture.datagrams / rate;
  return {
    capture, ownPace,
    rate: ownPace ? Math.max(1, Math.round((capture.datagrams - 1) / (seconds || 1))) : rate,
    size: Math.round(capture.bytes / capture.datagrams),
    seconds: Math.max(1, Math.round(seconds)),
  };
}

function planes(text: string | undefined): readonly LabPlane[] {
  if (text === undefined) {
    return LAB_PLANES;
  }
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const known = LAB_PLANES.map((plane) => plane.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (names.length === 0 || unknown.length > 0) {
    throw CommandError.usage(`'--planes' must be one or more of ${known.join(', ')}, got '${unknown.join(', ')}'`);
  }
  return LAB_PLANES.filter((plane) => names.includes(plane.name));
}

function whole(name: string, text: string | undefined, fallback: number, min: number, max: number, unit: string): number {
  if (text === undefined) {
    return fallback;
  }
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw CommandError.usage(`'--${name}' must be a whole number of ${unit} from ${min} to ${max}, got '${text}'`);
  }
  return value;
}

function handler(folder: string | undefined): string | undefined {
  if (folder === undefined) {
    return undefined;
  }
  const source = path.resolve(folder, 'kb_handler.c');
  if (!fs.existsSync(source)) {
    throw CommandError.usage(`'--handler' must be a directory with a kb_handler.c, got '${folder}' where there is none`);
  }
  return path.dirname(source);
}

/** Found out now and not after minutes of measuring. */
function output(name: string, file: string | undefined): string | undefined {
  if (file === undefined) {
    return undefined;
  }
  const absolute = path.resolve(file);
  if (file === '' || isFolder(absolute)) {
    throw CommandError.usage(`'--${name}' must be a file to write, got '${file}'`);
  }
  try {
    fs.accessSync(path.dirname(absolute), fs.constants.W_OK);
  } catch {
    throw CommandError.usage(`'--${name}' must be in a folder that exists and can be written, got '${file}'`);
  }
  return absolute;
}

function isFolder(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

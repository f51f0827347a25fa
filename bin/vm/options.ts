// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError } from '../commands/command-error';
import { BREAKS } from './breaks';
import { VM_PLANES, VmPlane } from './plane';
import { POWER_CUTS } from './power-cuts';

/** What a deployment to a machine is asked to show. */
export interface VmOptions {
  readonly plane: VmPlane;
  readonly iommu: boolean;
  /** A name in `BREAKS`. */
  readonly breakage?: string;
  /** A name in `POWER_CUTS`. */
  readonly powerCut?: string;
  readonly fromScratch: boolean;
  /** The image is one that kb-bake made for this very host. */
  readonly hostImage: boolean;
  readonly bare: boolean;
  readonly reboot: boolean;
  readonly undo: boolean;
  readonly keep: boolean;
  readonly json?: string;
  readonly timeoutSeconds?: number;
}

const MIN_TIMEOUT = 60;
const MAX_TIMEOUT = 43_200; // a wait condition's own maximum

const list = (entries: Readonly<Record<string, { what: string }>>) =>
  Object.entries(entries).map(([name, { what }]) => `                   ${name.padEnd(18)} ${what}`).join('\n');

export const VM_USAGE = `usage: npm run lab:vm -- [OPTION...]        (or: npx kb lab-vm OPTION...)

Synthesises a stack, launches its instance in QEMU behind stand-ins for EC2's metadata service, S3
and the wait condition, and says what CloudFormation would. Then sends packets to its data interface
and compares counts. Needs root, qemu-system-x86, mmdebstrap and a Debian mirror.

  --plane PLANE    ${VM_PLANES.join(', ')} (afxdp)
  --iommu on|off   whether the machine has an IOMMU, as metal instances do (off)
  --from-scratch   start from plain Debian: the install step installs and compiles on the emulated
                   CPU, which takes many minutes; otherwise it has run when the image was made
  --host-image     start from what kb-bake makes for this host, as HostImage has it: nothing to fetch,
                   install or build, and the kernel arguments in force, so that it boots once
  --bare           boot the image with user data that does nothing, to compare boot times with
  --reboot         afterwards reboot the host twice; it must come back to ready by itself
  --undo           afterwards run kb-undo, see that nothing is left of what was changed, and start again
  --power-cut AT   take the power away once in the middle of a step
${list(POWER_CUTS)}
  --break WHAT     let one thing go wrong; the stack must fail with the reason
${list(BREAKS)}
  --timeout S      seconds the wait condition waits (the stack's own), ${MIN_TIMEOUT} to ${MAX_TIMEOUT}
  --json FILE      write the report
  --keep           leave the machine running for inspection when all is done
  --help           this text

Exit status: 0 everything was as it should be, 1 it was not, 2 the arguments or this machine rule it out.
`;

/** Reads the command line; throws a `CommandError` that names the option, the value and what is allowed. */
export function parseVmOptions(args: readonly string[]): VmOptions | 'help' {
  const values = read(args);
  if (values.help) {
    return 'help';
  }
  const breakage = oneOf('break', values.break, Object.keys(BREAKS));
  const { plane, iommu, fromScratch } = breakage === undefined ? {} : BREAKS[breakage];
  if (breakage !== undefined && (values['power-cut'] !== undefined || values.reboot || values.undo)) {
    throw CommandError.usage("'--break' ends with a failed stack; '--reboot', '--undo' and '--power-cut' are for one that succeeds");
  }
  if (values.bare && (breakage !== undefined || values['power-cut'] !== undefined || values.reboot || values.undo)) {
    throw CommandError.usage("'--bare' deploys nothing; '--break', '--reboot', '--undo' and '--power-cut' are for a deployment");
  }
  if (values['host-image'] && (breakage !== undefined || values['power-cut'] !== undefined || values['from-scratch'])) {
    throw CommandError.usage("'--host-image' leaves nothing to do that could fail or be cut: '--break', '--power-cut' and '--from-scratch' do not go with it");
  }
  const powerCut = oneOf('power-cut', values['power-cut'], Object.keys(POWER_CUTS));
  return {
    plane: oneOf('plane', values.plane, VM_PLANES) ?? plane ?? 'afxdp',
    iommu: (oneOf('iommu', values.iommu, ['on', 'off']) ?? (iommu ? 'on' : 'off')) === 'on',
    breakage,
    powerCut,
    fromScratch: values['from-scratch'] ?? fromScratch ?? (powerCut !== undefined && POWER_CUTS[powerCut].fromScratch),
    hostImage: values['host-image'] ?? false,
    bare: values.bare ?? false,
    reboot: values.reboot ?? false,
    undo: values.undo ?? false,
    keep: values.keep ?? false,
    json: values.json === undefined ? undefined : path.resolve(values.json),
    timeoutSeconds: seconds(values.timeout),
  };
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        'plane': text, 'iommu': text, 'from-scratch': flag, 'host-image': flag, 'bare': flag, 'reboot': flag, 'undo': flag, 'power-cut': text, 'break': text,
        'timeout': text, 'json': text, 'keep': flag, 'help': flag,
      },
    }).values;
  } catch (error) {
    // The first sentence names the option; what follows explains Node's own syntax.
    const reason = (error as Error).message.split(/[.\n]/)[0];
    throw CommandError.usage(`${reason.charAt(0).toLowerCase()}${reason.slice(1)}; see --help`);
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  const found = allowed.find((one) => one === value);
  if (value !== undefined && found === undefined) {
    throw CommandError.usage(`'--${name}' must be one of ${allowed.join(', ')}, got '${value}'`);
  }
  return found;
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= MIN_TIMEOUT && value <= MAX_TIMEOUT)) {
    throw CommandError.usage(`'--timeout' must be a whole number of seconds from ${MIN_TIMEOUT} to ${MAX_TIMEOUT}, got '${text}'`);
  }
  return value;
}

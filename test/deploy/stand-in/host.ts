// SPDX-License-Identifier: Apache-2.0
import { ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { AssetFault } from '../../../bin/vm/asset-store';
import { parsePlan, Plan } from '../../../bin/lab/plan';
import type { Instance } from '../../../bin/vm/instance';
import { HostServices, ServiceSpec } from './host-services';

/** What goes wrong on a host. */
export interface HostFault {
  /** What the store does to the asset on its way. */
  readonly asset?: AssetFault;
  /** A unit of kb.target that fails, and what the journal has of it. */
  readonly unit?: { readonly name: string; readonly journal: string };
  /** The host never says a word. */
  readonly silent?: boolean;
}

export interface HostSpec extends ServiceSpec {
  readonly identity: ServiceSpec['identity'] & { readonly caFile: string };
  readonly fault: HostFault;
}

/** The commands that would need a machine of their own. */
const COMMANDS = path.join(__dirname, 'host');

/** SHA-256 of nothing, which is what the hosts' requests carry. */
const EMPTY = createHash('sha256').digest('hex');

/**
 * A host that runs its user data for real, in a process and below a folder: it writes the plan, gets its role from the
 * metadata service, fetches the asset over HTTPS, checks and unpacks it. From kb.target on it pretends, because units
 * need a machine; what then tells the stack how it went are the scripts that it unpacked.
 */
export class Host {
  static async boot(folder: string, spec: HostSpec): Promise<Host> {
    const services = await HostServices.start(spec);
    const { silent, unit } = spec.fault;
    fs.mkdirSync(path.join(folder, 'root'), { recursive: true });
    const file = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    file('user-data', spec.instance.userData);
    file('.curlrc', curlConfiguration(services, spec.identity.caFile));
    const console = fs.openSync(path.join(folder, 'console'), 'a');
    const child = spawn('bash', [path.join(folder, 'user-data')], {
      cwd: folder,
      detached: true, // a group of its own, which `terminate` ends
      stdio: ['ignore', console, console],
      env: {
        PATH: `${COMMANDS}:${process.env.PATH}`,
        CURL_HOME: folder,
        KB_ROOT: path.join(folder, 'root'),
        STAND_IN: COMMANDS,
        ...(silent ? { STAND_IN_SILENT: 'yes' } : {}),
        ...(unit === undefined ? {} : { STAND_IN_FAILED_UNIT: unit.name, STAND_IN_JOURNAL: unit.journal }),
      },
    });
    fs.closeSync(console);
    return new Host(spec.instance, folder, child, services);
  }

  private constructor(
    readonly instance: Instance,
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly services: HostServices,
  ) {}

  /** The plan that CloudFormation handed to the host. */
  get plan(): Plan {
    return parsePlan(this.instance.userData);
  }

  /** Of what the host found in its asset. */
  unpacked(name: string): Buffer {
    return fs.readFileSync(path.join(this.folder, 'root/opt/kb/asset', name));
  }

  async terminate(): Promise<void> {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') { // it has ended by itself
        throw error;
      }
    }
    await this.services.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function curlConfiguration({ metadataPort, s3Port }: HostServices, caFile: string): string {
  return [
    // The first that fits is taken: the metadata service, then all other addresses.
    `connect-to = "169.254.169.254:80:127.0.0.1:${metadataPort}"`,
    `connect-to = "::127.0.0.1:${s3Port}"`,
    `cacert = "${caFile}"`,
    // S3 asks for it, and the curl of Debian 12, which no host has but a tester may, leaves it out.
    `header = "x-amz-content-sha256: ${EMPTY}"`,
    '',
  ].join('\n');
}

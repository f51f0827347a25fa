// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { attempt, Finished, run } from '../lab/shell';

const USER = 'debian'; // the account that Debian's image gives the key of an instance
const CONNECT_SECONDS = 30; // an emulated CPU takes its time over a key exchange

/** Someone with a key who logs in over the management interface. */
export class Operator {
  static async create(folder: string): Promise<Operator> {
    const key = path.join(folder, 'operator');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'operator', '-f', key]);
    return new Operator(key, fs.readFileSync(`${key}.pub`, 'utf8').trim());
  }

  private constructor(private readonly key: string, readonly publicKey: string) {}

  /** Runs a command as root on the host and reports its status; 255 is a host that does not answer. */
  on(address: string, command: string): Promise<Finished> {
    return attempt('ssh', [...this.arguments(address), `sudo ${command}`]);
  }

  commandLine(address: string): string {
    return ['ssh', ...this.arguments(address)].join(' ');
  }

  private arguments(address: string): string[] {
    return [
      '-i', this.key, '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-o', `ConnectTimeout=${CONNECT_SECONDS}`,
      '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', // every run is a new host
      `${USER}@${address}`,
    ];
  }
}

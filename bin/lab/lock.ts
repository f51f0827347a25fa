// SPDX-License-Identifier: Apache-2.0
import * as net from 'node:net';
import { CommandError } from '../commands/command-error';

// An abstract socket: the kernel gives the name to one process and takes it back when that process
// ends, however it ends. A lock file would need someone to tell a stale one from a live one.
const NAME = '\0kb-lab';

/** At most one lab runs on a machine: two would fight for the cores, the pages and the truth. */
export class Lock {
  static async take(name = NAME): Promise<Lock> {
    const server = net.createServer((peer) => peer.end(String(process.pid)));
    server.unref();
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') {
          reject(error);
          return;
        }
        void holder(name).then((pid) => {
          reject(CommandError.retry(`another lab is running${pid ? ` (process ${pid})` : ''}; wait for it to end, or end it`));
        });
      });
      server.listen(name, () => resolve(new Lock(server)));
    });
  }

  private constructor(private readonly server: net.Server) {}

  release(): void {
    this.server.close();
  }
}

/** Who holds the lock, as it says itself; empty when it is too busy or gone. */
function holder(name: string): Promise<string> {
  return new Promise((resolve) => {
    let pid = '';
    const peer = net.connect(name);
    const done = () => {
      peer.destroy();
      resolve(pid);
    };
    peer.setTimeout(500, done); // ms; an answer is a courtesy
    peer.setEncoding('utf8').on('data', (text: string) => { pid += text; }).on('end', done).on('error', done);
  });
}

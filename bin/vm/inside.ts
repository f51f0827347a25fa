// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { Terminal } from '../lab/terminal';
import { CommandError } from '../commands/command-error';
import { Deployment } from './deployment';
import { Events } from './events';
import { Job } from './job';

/*
 * The process inside the VPC: `node inside.js JOB REPORT`, in a network namespace of its own. When it
 * ends, the namespace ends, and with it the machine and everything else that was started.
 */
async function main(jobFile: string, reportFile: string): Promise<number> {
  const job = JSON.parse(fs.readFileSync(jobFile, 'utf8')) as Job;
  const events = new Events(new Terminal());
  try {
    const deployment = await Deployment.start(job, events);
    const report = await deployment.run();
    fs.writeFileSync(reportFile, JSON.stringify(report));
    if (job.keep) {
      events.say(`kept: ${deployment.howToLogIn()}; Ctrl-C ends it`);
      await deployment.stay();
    }
    return 0;
  } catch (error) {
    if (error instanceof CommandError) {
      console.error(`kb lab-vm: ${error.message}`);
      return error.exitStatus;
    }
    throw error;
  }
}

void main(process.argv[2], process.argv[3]).then((status) => process.exit(status));

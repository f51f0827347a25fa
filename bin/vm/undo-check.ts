// SPDX-License-Identifier: Apache-2.0
import { Finished } from '../lab/shell';
import { EC2_MTU } from './vpc';

/** Runs a command on the host as root. */
export type OnHost = (command: string) => Promise<Finished>;

const RECORD = '/run/kb/undo/values'; // lines of a kernel file and what it held before the steps changed it
// The interface's manager has it back, and asks DHCP as it would have without us.
const MANAGED_MTU = String(EC2_MTU);

/** Runs kb-undo on the host, looks at what it leaves behind, and returns what is not as it was. */
export async function undoFindings(onHost: OnHost, dataMac: string): Promise<string[]> {
  const before = recorded((await onHost(`cat ${RECORD}`)).stdout);
  const undo = await onHost('/opt/kb/bin/kb-undo');
  if (undo.status !== 0) {
    return [`kb-undo failed with status ${undo.status}: ${undo.stderr.trim()}`];
  }
  const findings: string[] = [];
  if (before.size === 0) {
    findings.push(`the steps recorded nothing in ${RECORD}, so nothing can be seen to be undone`);
  }
  // Files of interrupts that the data interface no longer has are gone, and need no undoing.
  const now = (await onHost(`grep -s '' ${[...before.keys()].join(' ')}`)).stdout;
  for (const line of now.split('\n').filter(Boolean)) {
    const colon = line.indexOf(':');
    const [file, value] = [line.slice(0, colon), chosen(line.slice(colon + 1))];
    if (before.get(file) !== value && !(file.endsWith('/mtu') && value === MANAGED_MTU)) {
      findings.push(`kb-undo left ${value} in ${file}, which held ${before.get(file)}`);
    }
  }
  const interfaces = (await onHost(`grep -ls ${dataMac} /sys/class/net/*/address`)).stdout;
  if (interfaces.trim() === '') {
    findings.push(`no interface of the kernel has the data interface's address ${dataMac} after kb-undo`);
  }
  const hugePages = (await onHost('grep HugePages_Total /proc/meminfo')).stdout.replace(/\D/g, '');
  if (hugePages !== '0') {
    findings.push(`${hugePages} huge pages are still reserved after kb-undo`);
  }
  const receiver = (await onHost('systemctl is-active kb-receiver')).stdout.trim();
  if (receiver !== 'inactive') {
    findings.push(`the receiver is ${receiver} after kb-undo`);
  }
  return findings;
}

function recorded(text: string): Map<string, string> {
  return new Map(text.split('\n').filter(Boolean).map((line) => line.split('\t') as [string, string]));
}

/** The value in force where a file lists the choices: `always [madvise] never`. */
function chosen(text: string): string {
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
}

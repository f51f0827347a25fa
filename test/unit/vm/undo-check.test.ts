// SPDX-License-Identifier: Apache-2.0
import { undoFindings } from '../../../bin/vm/undo-check';

const MAC = '06:6b:62:00:00:11';

/** A host as kb-undo leaves it, but for the answers given; the first word of a command that matches decides. */
function host(differences: Record<string, string | number> = {}) {
  const answers: Record<string, string | number> = {
    'cat /run/kb/undo/values': '/sys/kernel/mm/transparent_hugepage/enabled\tmadvise\n/proc/irq/30/smp_affinity_list\t0-1\n/proc/sys/vm/swappiness\t60\n',
    '/opt/kb/bin/kb-undo': 0,
    "grep -s ''": '/sys/kernel/mm/transparent_hugepage/enabled:always [madvise] never\n/proc/sys/vm/swappiness:60\n', // the interrupt is gone
    'grep -ls': '/sys/class/net/enp65s0/address\n',
    'grep HugePages_Total': 'HugePages_Total:       0\n',
    'systemctl is-active kb-receiver': 'inactive\n',
    ...differences,
  };
  return (command: string) => {
    const answer = Object.entries(answers).find(([start]) => command.startsWith(start))?.[1];
    return Promise.resolve(typeof answer === 'number'
      ? { status: answer, stdout: '', stderr: 'its reason' }
      : { status: answer === undefined ? 1 : 0, stdout: answer ?? '', stderr: '' });
  };
}

test('finds nothing on a host that is as it was', async () => {
  expect(await undoFindings(host(), MAC)).toEqual([]);
});

// Held while our file kept networkd away since the boot; networkd then asks DHCP, which says 9001.
const MTU_BEFORE = { 'cat /run/kb/undo/values': '/sys/class/net/enp65s0/mtu\t1500\n' };

test.each([1500, 9001])('takes an MTU of %d as undone: as found, or as the interface\'s manager has it by DHCP', async (mtu) => {
  const differences = { ...MTU_BEFORE, "grep -s ''": `/sys/class/net/enp65s0/mtu:${mtu}\n` };
  expect(await undoFindings(host(differences), MAC)).toEqual([]);
});

test.each<[string, Record<string, string | number>, RegExp]>([
  ['a setting that stays', { "grep -s ''": '/proc/sys/vm/swappiness:0\n' }, /left 0 in \/proc\/sys\/vm\/swappiness, which held 60/],
  ['a choice that stays', { "grep -s ''": '/sys/kernel/mm/transparent_hugepage/enabled:always madvise [never]\n' }, /left never in .*, which held madvise/],
  ['an MTU of ours that stays', { ...MTU_BEFORE, "grep -s ''": '/sys/class/net/enp65s0/mtu:3498\n' }, /left 3498 in .*mtu, which held 1500/],
  ['another setting that happens to be an MTU', { "grep -s ''": '/proc/sys/vm/swappiness:9001\n' }, /left 9001 in/],
  ['an interface that user space keeps', { 'grep -ls': '' }, /no interface of the kernel has the data interface's address 06:6b/],
  ['huge pages that stay', { 'grep HugePages_Total': 'HugePages_Total:     256\n' }, /256 huge pages are still reserved/],
  ['a receiver that runs', { 'systemctl is-active kb-receiver': 'active\n' }, /the receiver is active/],
  ['nothing recorded', { 'cat /run/kb/undo/values': '' }, /recorded nothing/],
  ['a kb-undo that fails', { '/opt/kb/bin/kb-undo': 1 }, /kb-undo failed with status 1: its reason/],
])('finds %s', async (_, differences, message) => {
  expect((await undoFindings(host(differences), MAC)).join('\n')).toMatch(message);
});

// SPDX-License-Identifier: Apache-2.0
import { packageEntries } from '../../lib/private/host-assets';
import { DEFAULT_BOOT_TIMEOUT } from '../../lib/private/plan-input';
import { read, readAll } from './files';

const UNITS = Object.entries(readAll('assets/systemd')).filter(([file]) => /\.(service|target|conf)$/.test(file));
const PACKED = packageEntries();

/** What the units start, by the unit that starts it. */
const STARTED = UNITS.flatMap(([file, text]) => [...text.matchAll(/^Exec\w+=[+!@:-]*(\/opt\/kb\/\S+)/gm)].map(([, program]) => [file, program] as const));

test('there is something to check', () => {
  expect(STARTED.length).toBeGreaterThan(8);
});

test.each(STARTED)('%s starts %s, which is packed as a program or built on the host', (_, program) => {
  const inAsset = program.replace('/opt/kb/', 'userdata/');
  const packed = PACKED.find(entry => entry.path === inAsset);
  if (packed) {
    expect(packed.mode).toBe(0o755);
  } else {
    const name = program.split('/').pop()!;
    const builds = Object.entries(readAll('assets/dataplane')).filter(([file]) => file.endsWith('meson.build')).map(([, text]) => text).join('\n');
    const isBuilt = new RegExp(`executable\\('${name}'[^)]*install: true`).test(builds);
    const isLinked = read('userdata/steps/install').includes(`"$bin/${name}"`);
    expect([name, isBuilt || isLinked]).toEqual([name, true]);
  }
});

test('units name only units that exist', () => {
  const names = Object.keys(readAll('assets/systemd')).map(file => file.split('/').pop()!);
  const wanted = UNITS.flatMap(([file, text]) => [...text.matchAll(/^(?:After|Before|Wants|Requires|BindsTo|PartOf|OnFailure|WantedBy)=(.*)$/gm)]
    .flatMap(([, list]) => list.split(' ')).filter(unit => /^(kb|notify)[-.@]/.test(unit)).map(unit => [file, unit.replace(/@[^.]*\./, '@.')]));
  expect(wanted.length).toBeGreaterThan(8);
  expect(wanted.filter(([, unit]) => !names.includes(unit))).toEqual([]);
});

test('every program of the host is packed to be run', () => {
  for (const { path, mode } of PACKED.filter(entry => /^userdata\/(steps|bin)\//.test(entry.path))) {
    expect([path, mode]).toEqual([path, 0o755]);
  }
});

test('the stack waits longer than any unit may take, so that the reason of a failure arrives', () => {
  const minutes = UNITS.flatMap(([, text]) => [...text.matchAll(/^TimeoutStartSec=(\d+)min$/gm)].map(([, number]) => Number(number)));
  expect(minutes.length).toBeGreaterThan(5);
  expect(DEFAULT_BOOT_TIMEOUT.toMinutes()).toBeGreaterThan(Math.max(...minutes));
});

test.each(['kernel', 'xdp', 'afxdp', 'dpdk'])('the unit lets a receiver of plane %s give up what it needs no more', plane => {
  // capset is among @privileged, seccomp in no group of a service: without them systemd's filter ends the receiver.
  const filters = [...read(`assets/systemd/receiver/${plane}.conf`).matchAll(/^SystemCallFilter=(.*)$/gm)].map(([, list]) => list);
  expect(filters.indexOf('capset seccomp')).toBeGreaterThan(filters.indexOf('~@privileged'));
  expect(filters).toContain('~@privileged');
});

// SPDX-License-Identifier: Apache-2.0
import { LAB_PLANES } from '../../bin/lab/planes';
import { DataPlane, DataPlaneKind } from '../../lib';
import { PLAN_KEYS } from '../../lib/private/plan-keys';
import { read, readAll } from './files';

/** ARCHITECTURE.md's checklist of what a data plane needs, point by point. */
const PLANES = Object.values(DataPlaneKind);

/** Planes without a back-end of their own, and whose they share. */
const SHARED_BACKENDS: Partial<Record<DataPlaneKind, DataPlaneKind>> = {
  [DataPlaneKind.XDP]: DataPlaneKind.KERNEL, // the filter decides before the same sockets receive
};

test('the plan knows these planes and no others', () => {
  expect(PLAN_KEYS.KB_PLANE.form.source).toBe(`^(${PLANES.join('|')})$`);
});

describe.each(PLANES)('%s', plane => {
  test('1. has a factory', () => {
    expect(DataPlane.fromName(plane).kind).toBe(plane);
  });

  test('2. has rows in the plan\'s test', () => {
    expect(read('test/unit/host-plan.test.ts')).toMatch(new RegExp(`\\['${plane}', \\{`));
  });

  test('3. has a back-end, or a reason why it shares one', () => {
    expect(Object.keys(readAll('assets/dataplane/src/backend'))).toContain(
      `assets/dataplane/src/backend/${SHARED_BACKENDS[plane] ?? plane}.c`);
  });

  test('5. has a lab run', () => {
    expect(LAB_PLANES.map(run => run.plane)).toContain(plane);
  });

  test('6. has a row in the README', () => {
    const factory = { kernel: 'kernel', xdp: 'xdp', afxdp: 'afXdp', dpdk: 'dpdk' }[plane];
    expect(read('README.md')).toMatch(new RegExp(`^\\| \`DataPlane\\.${factory}\\(\\)\` \\|`, 'm'));
  });
});

test('4. every step has its unit and its test', () => {
  const units = Object.keys(readAll('assets/systemd'));
  const tests = Object.keys(readAll('test/userdata'));
  const steps = units.map(file => /^assets\/systemd\/kb-step-([a-z-]+)\.service$/.exec(file)?.[1]).filter(name => name !== undefined);
  expect(steps.length).toBeGreaterThan(4);
  for (const step of steps) {
    expect(Object.keys(readAll('userdata/steps'))).toContain(`userdata/steps/${step}`);
    expect(tests).toContain(`test/userdata/${step}.bats`);
  }
});

// SPDX-License-Identifier: Apache-2.0
import { firstFlow, labPlan } from '../../bin/lab/lab-plan';
import { parsePlan, plansOf, renderPlan } from '../../bin/lab/plan';

const template = (userData: unknown) => ({
  Resources: { Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData: { UserData: userData } } } },
});

describe('the plan in a template', () => {
  test('is what follows the script in user data, tokens and all', () => {
    const [plan, ...others] = plansOf(template({
      'Fn::Base64': {
        'Fn::Join': ['', [
          '#!/bin/bash\nKB_ROOT=${KB_ROOT:-}\nexit 0\nKB_PLAN_VERSION="1"\nKB_PLANE="afxdp"\nKB_REGION="', { Ref: 'AWS::Region' },
          '"\nKB_SIGNAL_URL="', { 'Fn::GetAtt': ['Handle', 'Url'] }, '"\nKB_KERNEL_ARGS=""\n']],
      },
    }));
    expect(others).toEqual([]);
    expect(plan).toEqual({ KB_PLAN_VERSION: '1', KB_PLANE: 'afxdp', KB_REGION: '<AWS::Region>', KB_SIGNAL_URL: '<Handle.Url>', KB_KERNEL_ARGS: '' });
  });

  test('is found in every instance of a stack, and not in somebody else\'s user data', () => {
    const one = { 'Fn::Base64': 'exit 0\nKB_PLAN_VERSION="1"\n' };
    expect(plansOf({ Resources: { A: { Properties: { UserData: one } }, B: { Properties: { UserData: one } }, C: { Properties: { UserData: { 'Fn::Base64': '#!/bin/sh' } } } } })).toHaveLength(2);
  });

  test('comes back from its own rendering', () => {
    const plan = { KB_NAME: 'Demo-Feed', KB_FLOWS: 'udp:*:9000', KB_HANDLER_ARGS: '' };
    expect(parsePlan(renderPlan(plan))).toEqual(plan);
  });
});

describe('the plan in the lab', () => {
  const machine = {
    cores: { generator: 0, receiver: 1, housekeeping: 0 }, host: { KB_DATA_IFACE: 'kb1' }, statsPage: '/dev/shm/x/stats', customHandler: false,
    changes: [['KB_ZERO_COPY', 'auto', 'veth has no zero-copy'], ['KB_EAL_ARGS', '--no-pci', 'no ENA here']] as const,
  };
  const plan = {
    KB_PLANE: 'afxdp', KB_QUEUES: '4', KB_RX_CORES: '2-5', KB_HOUSEKEEPING_CORES: '0-1', KB_ISOLATED_CORES: '2-5', KB_STATS_PAGE: '/run/kb/stats',
    KB_ZERO_COPY: 'require', KB_HANDLER: 'count', KB_FLOWS: 'udp:*:9000,udp:239.1.1.1:9001', KB_BURST: '64',
  };

  test('keeps every key it has no reason to change', () => {
    const { env } = labPlan(plan, machine);
    expect(env).toMatchObject({ KB_PLANE: 'afxdp', KB_FLOWS: plan.KB_FLOWS, KB_BURST: '64', KB_HANDLER: 'count', KB_DATA_IFACE: 'kb1' });
  });

  test('says what it changes, from what to what and why', () => {
    const { env, overrides } = labPlan(plan, machine);
    expect(overrides).toContainEqual({ key: 'KB_ZERO_COPY', planned: 'require', lab: 'auto', why: 'veth has no zero-copy' });
    expect(overrides).toContainEqual({ key: 'KB_RX_CORES', planned: '2-5', lab: '1', why: 'a CPU of this machine' });
    expect(overrides).toContainEqual({ key: 'KB_EAL_ARGS', lab: '--no-pci', why: 'no ENA here' });
    for (const change of overrides) {
      expect(env[change.key]).toBe(change.lab);
    }
  });

  test('does not list what already was as the lab needs it', () => {
    const { overrides } = labPlan({ ...plan, KB_QUEUES: '1', KB_ZERO_COPY: 'auto' }, machine);
    expect(overrides.map((change) => change.key)).not.toContain('KB_QUEUES');
    expect(overrides.map((change) => change.key)).not.toContain('KB_ZERO_COPY');
  });

  test('a handler of one\'s own is an override too', () => {
    expect(labPlan(plan, { ...machine, customHandler: true }).env.KB_HANDLER).toBe('custom');
  });

  test('the generator sends to the first flow', () => {
    expect(firstFlow(plan)).toEqual({ address: '*', port: 9000 });
  });
});

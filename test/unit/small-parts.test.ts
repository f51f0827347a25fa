// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { DataPlane, DataPlaneKind, HostOs } from '../../lib';
import { dimensionName } from '../../lib/private/dimension-name';
import { Findings } from '../../lib/private/fail';
import { instanceFacts, knownInstanceFamilies } from '../../lib/private/instance-facts';

describe('dimension names', () => {
  test.each([
    ['Demo/Feed', 'Demo-Feed'],
    ['Prod/Demo/Feed A', 'Prod-Demo-Feed-A'],
    ['Demo/Feed:x|y,z', 'Demo-Feed-x-y-z'],
  ])('%s', (constructPath, name) => {
    expect(dimensionName(constructPath)).toBe(name);
  });

  test('are cut to what the host keeps, and stay apart', () => {
    const names = ['a', 'b'].map(end => dimensionName(`${'x'.repeat(200)}/${end}`));
    expect(names.map(name => name.length)).toEqual([127, 127]);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('findings', () => {
  const scope = new Stack(new App(), 'Demo');

  test('throw nothing when there are none', () => {
    expect(() => new Findings().throwIfAny(scope)).not.toThrow();
  });

  test('one is one sentence, several are a list', () => {
    const findings = new Findings();
    findings.add('a');
    expect(() => findings.throwIfAny(scope)).toThrow(new Error('a (at Demo)'));
    findings.check(true, 'b');
    findings.check(false, 'c');
    expect(() => findings.throwIfAny(scope)).toThrow(new Error('2 problems (at Demo):\n  - a\n  - c'));
  });
});

describe('data planes by name', () => {
  test.each([
    ['kernel', DataPlaneKind.KERNEL], ['xdp', DataPlaneKind.XDP], ['afxdp', DataPlaneKind.AF_XDP], ['dpdk', DataPlaneKind.DPDK],
  ])('%s', (name, kind) => {
    const dataPlane = DataPlane.fromName(name);
    expect(dataPlane.kind).toBe(kind);
    expect(dataPlane.handler.name).toBe('count');
  });

  test('fails on another', () => {
    expect(() => DataPlane.fromName('rdma')).toThrow(new Error("'dataPlane' must be one of kernel, xdp, afxdp or dpdk, got 'rdma'"));
  });

  test('fails on Onload with the reason', () => {
    expect(() => DataPlane.fromName('onload')).toThrow(/^Onload is not supported on ENA: .*; use DPDK, AF_XDP or tuned kernel sockets$/);
  });
});

describe('operating systems', () => {
  const { X86_64, ARM_64 } = ec2.InstanceArchitecture;
  test.each<[string, HostOs, ec2.InstanceArchitecture, string]>([
    ['al2023', HostOs.amazonLinux2023(), X86_64, '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64'],
    ['al2023', HostOs.amazonLinux2023({ kernel: '6.18' }), ARM_64, '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.18-arm64'],
    ['debian13', HostOs.debian13(), X86_64, '/aws/service/debian/release/13/latest/amd64'],
    ['debian13', HostOs.debian13(), ARM_64, '/aws/service/debian/release/13/latest/arm64'],
    ['ubuntu2404', HostOs.ubuntu2404(), X86_64, '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'],
    ['ubuntu2404', HostOs.ubuntu2404(), ARM_64, '/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id'],
  ])('%s %#', (name, os, architecture, parameter) => {
    const stack = new Stack(new App(), 'Demo');
    expect(os.name).toBe(name);
    expect(os.machineImage(architecture).getImage(stack).imageId).toBe(`resolve:ssm:${parameter}`);
  });

  test.each(['default', '6', 'latest'])('fails on kernel %s', kernel => {
    expect(() => HostOs.amazonLinux2023({ kernel })).toThrow(new Error(
      `'kernel' must be a kernel line of Amazon Linux 2023, 6.1, 6.12, 6.18, got '${kernel}'`));
  });
});

describe('instance facts', () => {
  test('c6in.32xlarge', () => {
    expect(instanceFacts('c6in.32xlarge')).toEqual({
      instanceType: 'c6in.32xlarge', arch: 'x86_64', cores: 64, threadsPerCore: 2, numaNodes: 2, memoryGiB: 256, nitro: 4,
      metal: false, flexibleQueues: true, enaExpress: true, ptpHardwareClock: false,
      cards: [0, 1].map(() => ({ interfaces: 8, defaultQueues: 32, maxQueues: 32, totalQueues: 256 })),
    });
  });

  test('unknown', () => {
    expect(instanceFacts('t3.micro')).toBeUndefined();
  });

  test('families are listed once', () => {
    const families = knownInstanceFamilies();
    expect(families).toEqual(expect.arrayContaining(['c6in', 'm6in', 'c7gn', 'c8gn', 'c8in', 'c7i', 'm8azn']));
    expect(new Set(families).size).toBe(families.length);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { Size, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { InstanceCapabilitiesOptions } from '../../lib';
import { DataInterface, DataPlane, InstanceCapabilities } from '../../lib';
import { INSTANCE_TABLE } from '../../lib/private/instance-table';
import { findings } from './fixtures/plan-input';
import { feedStack, launchTemplateData, planOf } from './fixtures/stack';

const CARD = { maximumNetworkInterfaces: 8, defaultEnaQueueCount: 16 };
const GOOD: InstanceCapabilitiesOptions = { cores: 32, memory: Size.gibibytes(128), networkCards: [CARD] };

function feed(instanceType: string, change: Partial<InstanceCapabilitiesOptions> = {}, dataPlane = DataPlane.afXdp(), dataInterface?: DataInterface) {
  return feedStack({
    instanceType: new ec2.InstanceType(instanceType),
    instanceCapabilities: InstanceCapabilities.of({ ...GOOD, ...change }),
    dataPlane,
    dataInterface,
  }).stack;
}

test('a type this library does not know is planned from what is said of it', () => {
  const stack = feed('c99n.16xlarge', { networkCards: [CARD, CARD], numaNodes: 2 }, DataPlane.dpdk({ queues: 16 }));
  expect(planOf(stack)).toMatchObject({
    KB_INSTANCE_TYPE: 'c99n.16xlarge', KB_DATA_CARD: '1', KB_QUEUES: '16', KB_RX_CORES: '16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31',
  });
  expect(launchTemplateData(stack)).toMatchObject({ InstanceType: 'c99n.16xlarge', CpuOptions: { CoreCount: 32, ThreadsPerCore: 1 } });
});

test('architecture and image follow the type', () => {
  const stack = feed('c99gn.16xlarge', { threadsPerCore: 1 });
  expect(launchTemplateData(stack).ImageId).toBe('resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-arm64');
  expect(launchTemplateData(stack).CpuOptions).toBeUndefined();
});

test('bare metal has no CPU options', () => {
  expect(launchTemplateData(feed('c99n.metal', { bareMetal: true })).CpuOptions).toBeUndefined();
});

test('queues and ENA Express as they are said to be', () => {
  const capable = { networkCards: [{ ...CARD, maximumEnaQueueCount: 32 }], flexibleEnaQueues: true, enaExpress: true };
  const stack = feed('c99n.16xlarge', capable, DataPlane.dpdk({ queues: 20 }), DataInterface.of({ enaExpress: true }));
  expect(launchTemplateData(stack).NetworkInterfaces[1]).toMatchObject({
    EnaQueueCount: 32, EnaSrdSpecification: { EnaSrdEnabled: true },
  });
});

test('what is said goes before what is known', () => {
  expect(() => feed('c6in.32xlarge', {}, DataPlane.dpdk({ queues: 17 }))).toThrow(
    "'queues' must be between 1 and 16 on c6in.32xlarge, got 17 (at Demo/Feed)");
});

describe('fails', () => {
  const of = "in 'instanceCapabilities' of c99n.16xlarge";
  test.each<[Partial<InstanceCapabilitiesOptions>, string]>([
    [{ cores: 0 }, `'cores' must be between 1 and 4096 ${of}, got 0`],
    [{ threadsPerCore: 4 }, `'threadsPerCore' must be between 1 and 2 ${of}, got 4`],
    [{ numaNodes: 64 }, `'numaNodes' must be between 1 and 32 ${of}, got 64`],
    [{ memory: Size.gibibytes(0) }, `'memory' must be more than 0 ${of}, got 0 GiB`],
    [{ networkCards: [] }, `'networkCards' must have at least one entry ${of}, got none`],
    [{ networkCards: [{ ...CARD, maximumNetworkInterfaces: 1 }] },
      `'networkCards' must carry two ENIs, one for management and one for data ${of}, got 1`],
    [{ networkCards: [{ ...CARD, defaultEnaQueueCount: 0 }] }, `'defaultEnaQueueCount' must be between 1 and 1024 ${of}, got 0`],
    [{ networkCards: [{ ...CARD, maximumEnaQueueCount: 8 }] }, `'maximumEnaQueueCount' must be between 16 and 1024 ${of}, got 8`],
    [{ cores: Token.asNumber({ Ref: 'Cores' }) }, "'cores' must be known at synth, got a token"],
  ])('%j', (change, message) => {
    expect(() => feed('c99n.16xlarge', change)).toThrow(new Error(`${message} (at Demo/Feed)`));
  });

  test('without them, and says what to do', () => {
    expect(() => feedStack({ instanceType: new ec2.InstanceType('c99n.16xlarge') })).toThrow(
      /^'instanceType' c99n\.16xlarge is not a type .*, or describe it with 'instanceCapabilities': InstanceCapabilities\.of\(\{\.\.\.\}\) \(at Demo\/Feed\)$/);
  });
});

test("every type of the library's own table passes the same checks", () => {
  const refused = INSTANCE_TABLE.flatMap(([instanceType]) => findings({ instanceType })).filter(text => text.includes('instanceCapabilities'));
  expect(refused).toEqual([]);
});

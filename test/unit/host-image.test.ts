// SPDX-License-Identifier: Apache-2.0
import * as path from 'node:path';
import * as cdk from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { HostImageProps, HostShape, LowLatencyInstanceProps } from '../../lib';
import {
  CoreLayout, DataPlane, HostImage, HostOs, HostTuning, HostVersions, HugePageSize, LowLatencyFleet, LowLatencyInstance, NicDriver, PacketHandler, StackSnapshot, UdpFlow,
} from '../../lib';
import { packageRoot } from '../../lib/private/package-root';
import { demoStack, launchTemplateData, planOf, template } from './fixtures/stack';

function imageStack(props: Partial<HostImageProps> = {}, app = new cdk.App()) {
  const { stack, vpc } = demoStack(app);
  return { stack, vpc, image: new HostImage(stack, 'Image', { vpc, dataPlane: DataPlane.dpdk(), ...props }) };
}

function bakedHost(image: Partial<HostImageProps> = {}, host: Partial<LowLatencyInstanceProps> = {}) {
  const baked = imageStack(image);
  const { dataPlane } = baked.image;
  const feed = new LowLatencyInstance(baked.stack, 'Feed', { vpc: baked.vpc, dataPlane, image: baked.image, ...host });
  return { ...baked, feed };
}

function only(stack: cdk.Stack, type: string): [string, any] {
  const [found, ...more] = Object.entries(template(stack).findResources(`AWS::ImageBuilder::${type}`));
  expect(more).toEqual([]);
  return found;
}

/** The component's document; what CloudFormation fills in appears as <...>. */
function componentOf(stack: cdk.Stack): { phases: { name: string; steps: { name: string; action: string; inputs: any }[] }[] } {
  const { Data } = only(stack, 'Component')[1].Properties;
  const parts = (Data['Fn::Join']?.[1] ?? [Data['Fn::Sub'] ?? Data]) as (string | object)[];
  return JSON.parse(parts.map(part => (typeof part === 'string' ? part : '<>')).join(''));
}

describe('the build', () => {
  test('fetches, checks and unpacks the asset of hosts, and installs by its plan', () => {
    const { stack } = imageStack();
    const [build, proof] = componentOf(stack).phases;
    expect(build.steps.map(({ name, action }) => [name, action])).toEqual([
      ['Folders', 'CreateFolder'], ['Plan', 'CreateFile'], ['Sum', 'CreateFile'], ['Fetch', 'S3Download'], ['Check', 'ExecuteBash'],
      ['Unpack', 'ExecuteBash'], ['Install', 'ExecuteBash'],
    ]);
    const plan = build.steps[1].inputs[0];
    expect(plan.path).toBe('/etc/kb/plan.env');
    expect(plan.content).toMatchInlineSnapshot(`
"KB_PLAN_VERSION="1"
KB_NAME="Demo-Image"
KB_OS="al2023"
KB_PLANE="dpdk"
KB_HANDLER="count"
KB_KERNEL_ARGS=""
KB_NIC_DRIVER="auto"
KB_DPDK_VERSION="25.11.4"
KB_LIBXDP_VERSION="distro"
KB_PACKAGE_BASE_URL=""
KB_ENA_MIN_VERSION="2.13.2"
KB_KERNEL="6.12"
"
`);
    expect(build.steps[2].inputs[0].content).toMatch(/^[0-9a-f]{64} {2}\/opt\/kb\/asset\.tar\n$/);
    expect(proof).toMatchObject({ name: 'test', steps: [{ action: 'ExecuteBash', inputs: { commands: ['/opt/kb/bin/kb-bake check'] } }] });
  });

  test('has the asset of its hosts, so that they find it there', () => {
    const { stack } = bakedHost();
    const sum = componentOf(stack).phases[0].steps[2].inputs[0].content as string;
    expect(planOf(stack).KB_ASSET_SHA256).toBe(sum.split(' ')[0]);
  });

  test('runs encrypted, by IMDSv2, in a private subnet, and is tested', () => {
    const { stack, vpc } = imageStack({ rootVolumeSize: cdk.Size.gibibytes(30) });
    expect(only(stack, 'InfrastructureConfiguration')[1].Properties).toMatchObject({
      InstanceMetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      InstanceTypes: ['c6i.xlarge'],
      SubnetId: stack.resolve(vpc.privateSubnets[0].subnetId),
      TerminateInstanceOnFailure: true,
    });
    expect(only(stack, 'ImageRecipe')[1].Properties).toMatchObject({
      ParentImage: 'ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 30, VolumeType: 'gp3' } }],
    });
    expect(only(stack, 'Image')[1].Properties.ImageTestsConfiguration).toEqual({ ImageTestsEnabled: true, TimeoutMinutes: 60 });
    template(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('may do what it must', () => {
    const { stack } = imageStack();
    const [policy] = Object.values(template(stack).findResources('AWS::IAM::Policy')) as any[];
    const [component] = only(stack, 'Component');
    expect(policy.Properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'imagebuilder:GetComponent', Resource: { 'Fn::GetAtt': [component, 'Arn'] } },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: [expect.anything(), expect.anything()] },
      { Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: expect.anything() },
    ]);
    expect(JSON.stringify(policy)).toMatch(/[0-9a-f]{64}\.tar.*:s3:::ec2imagebuilder\*.*:log-group:\/aws\/imagebuilder\/\*/);
    expect(only(stack, 'Image')[1].DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^ImageRoleDefaultPolicy/)]));
  });

  test('reads a mirror as its role, where that is a bucket', () => {
    const { stack, image } = imageStack({ packageBaseUrl: 'https://mirror.s3.eu-west-1.amazonaws.com' });
    new s3.Bucket(stack, 'Mirror').grantRead(image);
    expect(JSON.stringify(template(stack).findResources('AWS::IAM::Policy'))).toMatch(/s3:GetBucket/);
    expect(componentOf(stack).phases[0].steps[1].inputs[0].content).toContain('KB_PACKAGE_BASE_URL="https://mirror.s3');
  });

  test('is of the architecture that the hosts are', () => {
    const { stack } = imageStack({ architecture: ec2.InstanceArchitecture.ARM_64, os: HostOs.debian13() });
    expect(only(stack, 'ImageRecipe')[1].Properties.ParentImage).toBe('ssm:/aws/service/debian/release/13/latest/arm64');
    expect(only(stack, 'InfrastructureConfiguration')[1].Properties.InstanceTypes).toEqual(['c7g.xlarge']);
  });

  test('starts from an image of the user', () => {
    const { stack } = imageStack({ machineImage: ec2.MachineImage.genericLinux({ 'eu-west-1': 'ami-1' }) });
    expect(only(stack, 'ImageRecipe')[1].Properties.ParentImage).toEqual({ 'Fn::FindInMap': expect.anything() });
  });
});

describe('the version', () => {
  const TYPES = ['Component', 'ImageRecipe', 'Image'];
  const ids = (props: Partial<HostImageProps> = {}) => {
    const { stack } = imageStack(props);
    return TYPES.map(type => only(stack, type)[0]);
  };
  const versions = (props: Partial<HostImageProps> = {}) => {
    const { stack } = imageStack(props);
    return TYPES.slice(0, 2).map(type => only(stack, type)[1].Properties.Version as string);
  };

  test('is two numbers that Image Builder takes, and its own count', () => {
    const [component, recipe] = versions();
    expect(component).toMatch(/^1\.\d+\.0$/);
    expect(recipe).toBe(component.replace(/0$/, 'x'));
    expect(Number(component.split('.')[1])).toBeLessThan(2 ** 30);
  });

  test.each<[string, Partial<HostImageProps>]>([
    ['the data plane', { dataPlane: DataPlane.kernel() }],
    ['the handler', { dataPlane: DataPlane.dpdk({ handler: PacketHandler.echo() }) }],
    ['the handler\'s sources', {
      dataPlane: DataPlane.dpdk({ handler: PacketHandler.fromAsset(path.join(packageRoot(), 'assets/dataplane/src/handlers/count')) }),
    }],
    ['a version', { versions: HostVersions.of({ name: 'own', kernel: '6.12', libxdp: 'distro' }) }],
    ['the base image', { os: HostOs.debian13() }],
    ['the revision', { revision: '2' }],
    ['the size', { rootVolumeSize: cdk.Size.gibibytes(21) }],
  ])('changes with %s, and with it the logical ids', (_, change) => {
    expect(versions(change)).not.toEqual(versions());
    ids(change).forEach((id, i) => expect(id).not.toBe(ids()[i]));
  });

  test.each<[string, Partial<HostImageProps>]>([
    ['nothing', {}],
    ['the machine that builds', { buildInstanceType: new ec2.InstanceType('c6i.8xlarge') }],
    ['what only hosts decide', { dataPlane: DataPlane.dpdk({ queues: 4, flows: [UdpFlow.port(7000)] }) }],
  ])('does not change with %s', (_, change) => {
    expect(versions(change)).toEqual(versions());
    expect(ids(change)).toEqual(ids());
  });

  test('keeps an image that was made, and what it was made of; one that could not be made leaves nothing', () => {
    const { stack } = imageStack();
    for (const type of TYPES) {
      expect(only(stack, type)[1]).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });
});

describe('a host', () => {
  test('boots from the image, with its versions in the plan', () => {
    const { stack } = bakedHost({ versions: HostVersions.of({ name: 'own', kernel: '6.12.58', ena: '2.17.1', dpdk: '25.11.4' }) });
    expect(launchTemplateData(stack).ImageId).toEqual({ 'Fn::GetAtt': [only(stack, 'Image')[0], 'ImageId'] });
    expect(planOf(stack)).toMatchObject({ KB_KERNEL: '6.12.58', KB_ENA_MIN_VERSION: '2.17.1', KB_DPDK_VERSION: '25.11.4' });
  });

  test('is another one, waited for, when the image is another one', () => {
    const gate = (revision: string) => Object.keys(template(bakedHost({ revision }).stack).findResources('AWS::CloudFormation::WaitCondition'));
    expect(gate('2')).not.toEqual(gate('1'));
  });

  test('shares an image between planes with the same libraries, and with a fleet', () => {
    const { stack, vpc, image } = imageStack({ dataPlane: DataPlane.afXdp() });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: DataPlane.xdp({ queues: 2 }), image });
    new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.afXdp(), image });
    template(stack).resourceCountIs('AWS::ImageBuilder::Image', 1);
    template(stack).resourceCountIs('AWS::EC2::LaunchTemplate', 2);
  });

  test('has a root volume as large as the image\'s', () => {
    const { stack } = bakedHost({ rootVolumeSize: cdk.Size.gibibytes(40) });
    expect(launchTemplateData(stack).BlockDeviceMappings[0].Ebs.VolumeSize).toBe(40);
  });

  test('takes an image that another stack made, by its id', () => {
    const { stack, vpc } = demoStack();
    const dataPlane = DataPlane.dpdk();
    const image = HostImage.fromHostImageAttributes(stack, 'Image', { imageId: 'ami-0123456789abcdef0', dataPlane });
    new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane, image });
    expect(launchTemplateData(stack).ImageId).toBe('ami-0123456789abcdef0');
    expect(planOf(stack).KB_KERNEL).toBe('6.12');
  });

  test('can be anybody\'s: the image is a machine image', () => {
    const { stack, vpc, image } = imageStack();
    new ec2.Instance(stack, 'Other', { vpc, instanceType: new ec2.InstanceType('c6i.large'), machineImage: image });
    template(stack).hasResourceProperties('AWS::EC2::Instance', { ImageId: stack.resolve(image.imageId) });
  });
});

describe('for hosts that are named', () => {
  const hosts: HostShape = { instanceType: new ec2.InstanceType('c6in.4xlarge'), tuning: HostTuning.custom({ kernelArguments: ['nosmt'] }) };
  const bakedArgs = (stack: cdk.Stack) => /KB_KERNEL_ARGS="(.*)"/.exec(componentOf(stack).phases[0].steps[1].inputs[0].content)?.[1];
  const warnings = (stack: cdk.Stack) => Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('reboots once'));

  test('has their kernel arguments, as their own plan has them', () => {
    const { stack } = bakedHost({ hosts }, hosts);
    expect(bakedArgs(stack)).toMatch(/isolcpus=managed_irq,domain,\S+ .* nosmt$/);
    expect(bakedArgs(stack)).toBe(planOf(stack).KB_KERNEL_ARGS);
    expect(warnings(stack)).toEqual([]);
  });

  test('is for the default host when nothing is said of it', () => {
    const { stack } = bakedHost({ hosts: {} });
    expect(bakedArgs(stack)).toMatch(/^isolcpus/);
    expect(bakedArgs(stack)).toBe(planOf(stack).KB_KERNEL_ARGS);
  });

  test('has none of a host that is not named, and says nothing of its reboot', () => {
    const { stack } = bakedHost({}, hosts);
    expect(bakedArgs(stack)).toBe('');
    expect(warnings(stack)).toEqual([]);
  });

  test('is another image when their arguments are others', () => {
    const version = (shape?: HostShape) => only(imageStack({ hosts: shape }).stack, 'Component')[1].Properties.Version;
    expect(version(hosts)).not.toBe(version());
    expect(version({ ...hosts, coreLayout: CoreLayout.of({ housekeeping: '0', receive: '5' }) })).not.toBe(version(hosts));
    expect(version({ ...hosts })).toBe(version(hosts));
  });

  test('says that a host of another shape reboots, made here or imported', () => {
    const { stack, vpc } = bakedHost({ hosts }, { ...hosts, instanceType: new ec2.InstanceType('c6in.8xlarge'), tuning: HostTuning.lowLatency() });
    const dataPlane = DataPlane.dpdk();
    const image = HostImage.fromHostImageAttributes(stack, 'Imported', { imageId: 'ami-11111111', dataPlane, hosts });
    new LowLatencyInstance(stack, 'Other', { vpc, dataPlane, image });
    new LowLatencyInstance(stack, 'Same', { vpc, dataPlane, image, ...hosts });
    expect(warnings(stack).map(({ id, entry }) => [id, entry.data])).toEqual([
      ['/Demo/Feed', expect.stringContaining('c6in.8xlarge here needs other arguments: each host reboots once')],
      ['/Demo/Other', expect.stringContaining('c6in.32xlarge here needs other arguments')],
    ]);
  });

  test('is proved on a machine that has the huge pages its kernel reserves', () => {
    const builtOn = (props: Partial<HostImageProps>) => only(imageStack(props).stack, 'InfrastructureConfiguration')[1].Properties.InstanceTypes;
    const tuning = HostTuning.custom({ hugePageSize: HugePageSize.GIB_1, hugePagesPerNode: 12 });
    expect(builtOn({ hosts })).toEqual(['c6i.xlarge']);
    expect(builtOn({ hosts: { ...hosts, tuning } })).toEqual(['c6in.4xlarge']);
    expect(builtOn({ hosts: { ...hosts, tuning }, buildInstanceType: new ec2.InstanceType('c6in.8xlarge') })).toEqual(['c6in.8xlarge']);
  });
});

describe('fails', () => {
  test.each<[string, () => unknown, string]>([
    ['on a build in a public subnet', () => imageStack({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      "'vpcSubnets' of an image must be private subnets: a public one may give the machine that builds a public address (at Demo/Image)"],
    ['on a build on another architecture', () => imageStack({ buildInstanceType: new ec2.InstanceType('c7g.large') }),
      "'buildInstanceType' must be of architecture x86_64, got c7g.large (at Demo/Image)"],
    ['on hosts of another architecture', () => imageStack({ hosts: { instanceType: new ec2.InstanceType('c7gn.4xlarge') } }),
      "'hosts' must be of architecture x86_64, got c7gn.4xlarge (at Demo/Image)"],
    ['on a build without room for the huge pages', () => imageStack({
      hosts: { tuning: HostTuning.custom({ hugePageSize: HugePageSize.GIB_1, hugePagesPerNode: 8 }) }, buildInstanceType: new ec2.InstanceType('c6in.2xlarge'),
    }), "'buildInstanceType' must have more memory than the 16 GiB of huge pages that 'hosts' reserves, got c6in.2xlarge with 16 GiB; "
      + 'leave it out (at Demo/Image)'],
    ['on a kernel that the system does not boot', () => imageStack({ os: HostOs.amazonLinux2023({ kernel: '6.1' }) }),
      "'versions' has kernel 6.12, but 'os' boots 6.1: give both the same, or a 'machineImage' as the base (at Demo/Image)"],
    ['on a system whose kernel moves', () => imageStack({ os: HostOs.ubuntu2404() }),
      "'versions' must be given for ubuntu2404, whose kernel moves from line to line: HostVersions.of({ name: '...' }) (at Demo/Image)"],
    ['on what no host could be', () => imageStack({ dataPlane: DataPlane.dpdk({ rxRing: 100 }) }),
      "'rxRing' must be a power of two between 128 and 16384, got 100 (at Demo/Image)"],
    ['on a library of another version than the set has', () => imageStack({ dataPlane: DataPlane.dpdk({ dpdkVersion: 'distro' }), os: HostOs.debian13() }),
      "'dpdkVersion' must be 25.11.4 as in the image's versions 2026.11, got distro; leave it out (at Demo/Image)"],
    ['on an image beside an image', () => bakedHost({}, { machineImage: ec2.MachineImage.genericLinux({}) }),
      "'image' is an image with its operating system: leave 'machineImage' out (at Demo/Feed)"],
    ['on a system beside an image', () => bakedHost({}, { os: HostOs.debian13() }),
      "'image' is an image with its operating system: leave 'os' out (at Demo/Feed)"],
    ['on a smaller volume', () => bakedHost({}, { rootVolumeSize: cdk.Size.gibibytes(8) }),
      "'rootVolumeSize' must be at least that of the image, 20 GiB, got 8 GiB (at Demo/Feed)"],
    ['on another architecture', () => bakedHost({}, { instanceType: new ec2.InstanceType('c7gn.16xlarge') }),
      "'image' is for x86_64, and c7gn.16xlarge is arm64 (at Demo/Feed)"],
    ['on another data plane', () => bakedHost({}, { dataPlane: DataPlane.kernel() }),
      "'image' was baked with data plane dpdk, got kernel in 'dataPlane': give both the same data plane, or bake another image (at Demo/Feed)"],
    ['on another handler', () => bakedHost({}, { dataPlane: DataPlane.dpdk({ handler: PacketHandler.feed() }) }),
      "'image' was baked with handler count, got feed in 'dataPlane': give both the same data plane, or bake another image (at Demo/Feed)"],
    ['on another driver', () => bakedHost({}, { dataPlane: DataPlane.dpdk({ nicDriver: NicDriver.UIO_PCI_GENERIC }) }),
      "'image' was baked with NIC driver auto, got uio_pci_generic in 'dataPlane': give both the same data plane, or bake another image (at Demo/Feed)"],
    ['on an image of another stack', () => {
      const app = new cdk.App();
      const { image } = imageStack({}, app);
      const { stack, vpc } = demoStack(app, 'Other');
      new LowLatencyInstance(stack, 'Feed', { vpc, dataPlane: image.dataPlane, image });
    }, 'an image must be in the stack of its hosts, got Demo/Image; import it by the value of its id with HostImage.fromHostImageAttributes '
      + '(at Other/Feed/LaunchTemplate)'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(new Error(message));
  });

  test.each<[Parameters<typeof HostVersions.of>[0], string]>([
    [{ name: '' }, "'name' of a set of versions must be 1 to 64 letters, digits, '.', '_' and '-', got ''"],
    [{ name: 'a', kernel: 'latest' }, "'kernel' must be a line such as 6.12 or a release such as 6.12.58-82.121.amzn2023.x86_64, got 'latest'"],
    [{ name: 'a', ena: 'g' }, "'ena' must be a version such as 2.13.2, got 'g'"],
    [{ name: 'a', dpdk: 'main' }, "'dpdk' must be distro or 25.11.4, got 'main'"],
    [{ name: 'a', libxdp: '$(x)' }, "'libxdp' must be distro or 1.6.3, got '$(x)'"],
  ])('on versions %j', (options, message) => {
    expect(() => HostVersions.of(options)).toThrow(new Error(message));
  });
});

test('two in one stack', () => {
  const { stack, vpc } = imageStack();
  new HostImage(stack, 'Other', { vpc, dataPlane: DataPlane.kernel() });
  const names = Object.values(template(stack).findResources('AWS::ImageBuilder::ImageRecipe')).map(recipe => recipe.Properties.Name as string);
  expect(new Set(names).size).toBe(2);
});

test('construct paths stay as they are', () => {
  const { image } = imageStack();
  expect(image.node.findAll().map((construct) => construct.node.path).sort()).toMatchInlineSnapshot(`
[
  "Demo/Image",
  "Demo/Image/Component",
  "Demo/Image/HostAsset",
  "Demo/Image/Infrastructure",
  "Demo/Image/Profile",
  "Demo/Image/Profile/Resource",
  "Demo/Image/Recipe",
  "Demo/Image/Resource",
  "Demo/Image/Role",
  "Demo/Image/Role/DefaultPolicy",
  "Demo/Image/Role/DefaultPolicy/Resource",
  "Demo/Image/Role/Resource",
  "Demo/Image/SecurityGroup",
  "Demo/Image/SecurityGroup/Resource",
]
`);
});

test('a stack with an image and its host', () => {
  expect(StackSnapshot.of(bakedHost().stack)).toMatchSnapshot();
});

// The validator is a WebAssembly module that takes seconds to load, once.
const patience = 120_000;

test('passes the validator of CDK and the AwsSolutions pack', () => {
  const app = new cdk.App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  const { image, stack } = imageStack({}, app);
  cdk.Validations.of(stack.node.findChild('Vpc')).acknowledge({ id: 'AwsSolutions::AwsSolutions-VPC7', reason: 'not what is tested' });
  cdk.Validations.of(image).acknowledge(
    { id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]', reason: 'the policy AWS maintains for exactly this agent' },
    { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::ec2imagebuilder*]', reason: 'AWS names the bucket of its own program per Region' },
    { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/imagebuilder/*]', reason: 'Image Builder names the log group after the recipe and its version' },
  );
  cdk.Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
}, patience);

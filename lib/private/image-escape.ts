// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import * as cdk from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as imagebuilder from 'aws-cdk-lib/aws-imagebuilder';
import type { Construct } from 'constructs';
import type { HostAsset } from './host-assets';
import { grant } from './host-grants';
import { untagged } from './tag-escape';

/* The only file that touches the L1s of EC2 Image Builder: its L2s are in an alpha package. */

export interface ImageSpec {
  readonly description: string;
  readonly asset: HostAsset;
  /** plan.env of the image. */
  readonly plan: string;
  /** Id of the base image, or `resolve:ssm:` and its parameter. */
  readonly baseImageId: string;
  readonly rootDevice: string;
  readonly rootVolumeGiB: number;
  readonly revision: string;
  readonly instanceType: ec2.InstanceType;
  readonly subnet: ec2.ISubnet;
  readonly securityGroup: ec2.ISecurityGroup;
  readonly role: iam.IRole;
}

const BUILD_POLICY = 'AmazonSSMManagedInstanceCore';
const BUILD_SECONDS = 3600; // as long as the install step may take, with room for its packages

/**
 * An image that is built while the stack deploys. Versions and logical ids carry a fingerprint of what goes in: other
 * content is another image beside this one, and the same content is no change.
 */
export function bakedImage(scope: Construct, spec: ImageSpec): string {
  const name = cdk.Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' });
  const content = createHash('sha256').update(JSON.stringify(cdk.Stack.of(scope).resolve([
    spec.asset.sha256, spec.plan, spec.baseImageId, spec.rootDevice, spec.rootVolumeGiB, spec.revision, document({ ...spec, assetUri: '' }),
  ]))).digest();
  // Image Builder takes numbers below 2^30. The x is its own count: going back to earlier content is a new version, too.
  const version = `1.${content.readUInt32BE() >>> 2}`;
  const keep = (resource: cdk.CfnResource) => {
    resource.overrideLogicalId(`${cdk.Stack.of(scope).getLogicalId(resource)}${content.toString('hex', 0, 4)}`);
    // What went into an image stays with it. Except on create: a build that failed leaves nothing.
    resource.applyRemovalPolicy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    untagged(resource); // another tag would be another image, of a version that exists
  };

  const component = new imagebuilder.CfnComponent(scope, 'Component', {
    name,
    version: `${version}.0`,
    platform: 'Linux',
    description: spec.description,
    data: JSON.stringify(document({ ...spec, assetUri: spec.asset.s3Url })),
  });
  keep(component);
  const recipe = new imagebuilder.CfnImageRecipe(scope, 'Recipe', {
    name,
    version: `${version}.x`,
    description: spec.description,
    parentImage: spec.baseImageId.replace(/^resolve:ssm:/, 'ssm:'),
    components: [{ componentArn: component.attrArn }],
    blockDeviceMappings: [{
      deviceName: spec.rootDevice,
      ebs: { volumeSize: spec.rootVolumeGiB, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
    }],
    // Session Manager is the way into a host.
    additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: false } },
  });
  keep(recipe);
  const infrastructure = new imagebuilder.CfnInfrastructureConfiguration(scope, 'Infrastructure', {
    name,
    instanceProfileName: new iam.InstanceProfile(scope, 'Profile', { role: spec.role }).instanceProfileName,
    instanceTypes: [spec.instanceType.toString()],
    subnetId: spec.subnet.subnetId,
    securityGroupIds: [spec.securityGroup.securityGroupId],
    instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
    terminateInstanceOnFailure: true,
  });
  const image = new imagebuilder.CfnImage(scope, 'Resource', {
    imageRecipeArn: recipe.attrArn,
    infrastructureConfigurationArn: infrastructure.attrArn,
    imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 }, // the least that it takes
  });
  keep(image);
  grantBuild(scope, spec.role, component.attrArn, spec.asset);
  image.node.addDependency(spec.role); // its policies, too
  return image.attrImageId;
}

/** Steps of one command each: of several in one step, only the last one's status would count. */
function document({ asset, plan, description, assetUri }: Pick<ImageSpec, 'asset' | 'plan' | 'description'> & { assetUri: string }): object {
  const run = (step: string, command: string) =>
    ({ name: step, action: 'ExecuteBash', timeoutSeconds: BUILD_SECONDS, inputs: { commands: [command] } });
  const create = (step: string, path: string, content: string) =>
    ({ name: step, action: 'CreateFile', inputs: [{ path, content, overwrite: true }] });
  return {
    name: 'host',
    description,
    schemaVersion: 1,
    phases: [
      {
        name: 'build',
        steps: [
          { name: 'Folders', action: 'CreateFolder', inputs: [{ path: '/opt/kb/asset', overwrite: true }, { path: '/etc/kb', overwrite: true }] },
          create('Plan', '/etc/kb/plan.env', plan),
          create('Sum', '/opt/kb/asset.sha256', `${asset.sha256}  /opt/kb/asset.tar\n`),
          { name: 'Fetch', action: 'S3Download', inputs: [{ source: assetUri, destination: '/opt/kb/asset.tar' }] },
          run('Check', 'sha256sum --check --strict /opt/kb/asset.sha256'),
          run('Unpack', 'tar -xf /opt/kb/asset.tar -C /opt/kb/asset --no-same-owner'),
          run('Install', 'bash /opt/kb/asset/userdata/bin/kb-bake install'),
        ],
      },
      { name: 'test', steps: [run('Prove', '/opt/kb/bin/kb-bake check')] },
    ],
  };
}

/**
 * Image Builder runs the build as documents of Systems Manager, for which it asks for the policy AWS maintains: unlike a
 * host's sessions, the build takes more of it than is documented, and its machine lives no longer than the build.
 */
function grantBuild(scope: Construct, role: iam.IRole, componentArn: string, asset: HostAsset): void {
  role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName(BUILD_POLICY));
  const stack = cdk.Stack.of(scope);
  const statements: iam.PolicyStatement[] = [];
  const allow = (actions: string[], resources: string[]) => statements.push(new iam.PolicyStatement({ actions, resources }));
  // The rest is what AWS's own policy for builds has, as far as this build uses it.
  allow(['imagebuilder:GetComponent'], [componentArn]);
  allow(['s3:GetObject'], [
    asset.arn,
    // the program that runs components
    stack.formatArn({ service: 's3', region: '', account: '', resource: 'ec2imagebuilder*', arnFormat: cdk.ArnFormat.NO_RESOURCE_NAME }),
  ]);
  allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], [
    stack.formatArn({ service: 'logs', resource: 'log-group', resourceName: '/aws/imagebuilder/*', arnFormat: cdk.ArnFormat.COLON_RESOURCE_NAME }),
  ]);
  grant(scope, role, statements, ` and has the policy ${BUILD_POLICY}`);
}

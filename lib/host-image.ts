// SPDX-License-Identifier: Apache-2.0
import { Size, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { Construct } from 'constructs';
import type { DataPlane } from './data-plane';
import { HostOs } from './host-os';
import type { HostShape } from './host-shape';
import { HostVersions } from './host-versions';
import { dimensionName } from './private/dimension-name';
import { fail } from './private/fail';
import { hostAsset } from './private/host-assets';
import { bakedValues, checkKernel, renderBaked, reservedGiB } from './private/image-bake';
import { bakedImage } from './private/image-escape';
import { instanceFacts } from './private/instance-facts';
import { DEFAULT_INSTANCE_TYPE } from './private/plan-input';
import { checkId, checkNetwork } from './private/resource-id';
import { selectSubnets, warnIfIsolated } from './private/subnets';
import { kernelLine } from './private/versions';
import { checkVolume } from './private/volume';

/** An image that hosts boot from without building anything, baked in this stack or elsewhere. */
export interface IHostImage extends IConstruct, ec2.IMachineImage {
  /**
   * EC2's id of the image.
   * @attribute
   */
  readonly imageId: string;

  /** The data plane that it is for: hosts have the same handler and libraries. */
  readonly dataPlane: DataPlane;

  /** Its operating system. */
  readonly os: HostOs;

  /** What it is made of. */
  readonly versions: HostVersions;

  /** Architecture of its hosts. */
  readonly architecture: ec2.InstanceArchitecture;

  /** The hosts whose kernel arguments it has. */
  readonly hosts?: HostShape;

  /** Size of its root volume; a host's is no smaller. */
  readonly rootVolumeSize: Size;
}

/** Options of `HostImage`. */
export interface HostImageProps {
  /** VPC of the machine that builds. */
  readonly vpc: ec2.IVpc;

  /** The data plane of the hosts. Give them the same. */
  readonly dataPlane: DataPlane;

  /**
   * Operating system.
   *
   * @default - Amazon Linux 2023 with the kernel line of `versions`
   */
  readonly os?: HostOs;

  /**
   * Kernel, ENA driver, DPDK and libxdp. The build fails when the image turns out to have others.
   *
   * @default HostVersions.V2026_11
   */
  readonly versions?: HostVersions;

  /**
   * Architecture of the hosts.
   *
   * @default InstanceArchitecture.X86_64
   */
  readonly architecture?: ec2.InstanceArchitecture;

  /**
   * The hosts that the image is for, as far as their kernel arguments follow from it. Its kernel then starts with these
   * arguments, and such hosts come up without a reboot. Others reboot once for theirs at their first boot.
   *
   * @default - none: each host reboots once at its first boot
   */
  readonly hosts?: HostShape;

  /**
   * Image to start from, of the operating system that `os` names.
   *
   * @default - the newest image of `os` when the image is built
   */
  readonly machineImage?: ec2.IMachineImage;

  /**
   * Change it to build again from the same recipe, for a newer base image and newer packages.
   *
   * @default - none
   */
  readonly revision?: string;

  /**
   * Subnets to choose from; the build runs in the first one. It needs a way out to S3, SSM, Image Builder and the
   * package repositories, and is given no public IP address.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security group of the machine that builds.
   *
   * @default - a new group without inbound rules
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /**
   * Role of the machine that builds, assumed by EC2. It is given what the build needs. One that may not be changed is
   * left as it is, with a warning that names the actions.
   *
   * @default - a new role that may read its asset and its component, run Session Manager and write the build's log
   */
  readonly role?: iam.IRole;

  /**
   * Type of the machine that builds. It need not be the type of the hosts.
   *
   * @default - c6i.xlarge, c7g.xlarge for ARM; the type of `hosts` where their kernel reserves 1-GiB huge pages
   */
  readonly buildInstanceType?: ec2.InstanceType;

  /**
   * Size of the encrypted gp3 root volume.
   *
   * @default - 20 GiB
   */
  readonly rootVolumeSize?: Size;

  /**
   * Where pinned source archives (DPDK, libxdp) are fetched from, for networks that cannot reach upstream.
   *
   * @default - upstream
   */
  readonly packageBaseUrl?: string;
}

/** What is known of an image that was baked elsewhere. */
export interface HostImageAttributes {
  /** EC2's id of the image. */
  readonly imageId: string;

  /** The data plane that it was baked for. */
  readonly dataPlane: DataPlane;

  /**
   * Its operating system.
   *
   * @default - Amazon Linux 2023 with the kernel line of `versions`
   */
  readonly os?: HostOs;

  /**
   * What it was made of.
   *
   * @default HostVersions.V2026_11
   */
  readonly versions?: HostVersions;

  /**
   * Architecture of its hosts.
   *
   * @default InstanceArchitecture.X86_64
   */
  readonly architecture?: ec2.InstanceArchitecture;

  /**
   * The hosts whose kernel arguments it has.
   *
   * @default - none
   */
  readonly hosts?: HostShape;

  /**
   * Size of its root volume.
   *
   * @default - 20 GiB
   */
  readonly rootVolumeSize?: Size;
}

function outermost(stack: Stack): Stack {
  return stack.nestedStackParent ? outermost(stack.nestedStackParent) : stack;
}

abstract class HostImageBase extends Construct implements IHostImage {
  public abstract readonly imageId: string;
  public readonly dataPlane: DataPlane;
  public readonly os: HostOs;
  public readonly versions: HostVersions;
  public readonly architecture: ec2.InstanceArchitecture;
  public readonly hosts?: HostShape;
  public readonly rootVolumeSize: Size;

  public constructor(scope: Construct, id: string, attributes: Omit<HostImageAttributes, 'imageId'>) {
    super(scope, id);
    this.dataPlane = attributes.dataPlane;
    this.versions = attributes.versions ?? HostVersions.V2026_11;
    const { kernel } = this.versions;
    this.os = attributes.os ?? HostOs.amazonLinux2023(kernel === undefined ? {} : { kernel: kernelLine(kernel) });
    this.architecture = attributes.architecture ?? ec2.InstanceArchitecture.X86_64;
    this.hosts = attributes.hosts;
    this.rootVolumeSize = attributes.rootVolumeSize ?? Size.gibibytes(20);
  }

  public getImage(scope: Construct): ec2.MachineImageConfig {
    // An export cannot change while it is used, and this one would with each new image. Nested stacks hand it on as they run.
    if (Token.isUnresolved(this.imageId) && outermost(Stack.of(scope)) !== outermost(Stack.of(this))) {
      fail(scope, `an image must be in the stack of its hosts, got ${this.node.path}; `
        + 'import it by the value of its id with HostImage.fromHostImageAttributes');
    }
    return { imageId: this.imageId, osType: ec2.OperatingSystemType.LINUX, userData: ec2.UserData.forLinux() };
  }
}

class ImportedHostImage extends HostImageBase {
  public readonly imageId: string;

  public constructor(scope: Construct, id: string, attributes: HostImageAttributes) {
    super(scope, id, attributes);
    if (!attributes.imageId.startsWith('resolve:ssm:')) { // a parameter that EC2 reads when it launches a host
      checkId(this, 'imageId', 'ami', attributes.imageId);
    }
    this.imageId = attributes.imageId;
  }
}

/**
 * A machine image with everything a host would otherwise install and build at its first boot, and with `hosts` also the
 * kernel arguments that it would otherwise reboot for. EC2 Image Builder makes it while the stack deploys: it runs the
 * step that hosts run, starts a machine from the result, and proves there with `kb-check` that software, kernel and
 * driver are what `versions` says. A build that fails fails the deployment, and hosts stay on the image they have.
 *
 * What goes in (the data plane's sources and handler, versions, base image, `revision`) makes the version. Other content
 * is another image beside the earlier one, which is kept, and replaces the hosts; the same content is no change. So an
 * id never comes to mean another image, and none disappears under a host. Images you no longer need are yours to
 * deregister: each costs its snapshot.
 *
 * Give it to hosts of the same stack, or of one nested with it. For those of another one, export `imageId` by value and import it there with
 * `fromHostImageAttributes`.
 */
export class HostImage extends HostImageBase implements iam.IGrantable {
  /** An image that was baked elsewhere. */
  public static fromHostImageAttributes(scope: Construct, id: string, attributes: HostImageAttributes): IHostImage {
    return new ImportedHostImage(scope, id, attributes);
  }

  public readonly imageId: string;

  /** Role of the machine that builds. */
  public readonly role: iam.IRole;

  public readonly grantPrincipal: iam.IPrincipal;

  public constructor(scope: Construct, id: string, props: HostImageProps) {
    super(scope, id, props);
    if (this.versions.kernel !== undefined && props.versions === undefined && this.os._kernel === undefined) {
      fail(this, `'versions' must be given for ${this.os.name}, whose kernel moves from line to line: HostVersions.of({ name: '...' })`);
    }
    if (!props.machineImage) {
      checkKernel(this, this.os, this.versions.kernel);
    }
    const baked = bakedValues(this, dimensionName(this.node.path), this, props.packageBaseUrl);
    const instanceType = this.buildType(props, reservedGiB(baked));
    const subnet = this.buildSubnet(props);
    checkNetwork(this, props.vpc, [subnet], props.securityGroup ? [props.securityGroup] : []);
    checkVolume(this, this.rootVolumeSize);
    if (Token.isUnresolved(props.revision) || Token.isUnresolved(props.packageBaseUrl)) {
      fail(this, "'revision' and 'packageBaseUrl' of an image must be known at synth, for its version follows from them, got a token");
    }
    const asset = hostAsset(this, 'HostAsset', props.dataPlane.handler.directory);
    this.role = this.grantPrincipal = props.role
      ?? new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    this.imageId = bakedImage(this, {
      description: `${this.node.path}: ${this.os.name}, versions ${this.versions.name}`,
      asset,
      plan: renderBaked(baked),
      baseImageId: (props.machineImage ?? this.os.machineImage(this.architecture)).getImage(this).imageId,
      rootDevice: this.os._rootDevice,
      rootVolumeGiB: this.rootVolumeSize.toGibibytes(),
      revision: props.revision ?? '',
      instanceType,
      subnet,
      securityGroup: props.securityGroup ?? new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc, description: 'Image build: outbound only',
      }),
      role: this.role,
    });
  }

  /** The machine that proves the image has the image's kernel, and the pages that it sets aside. */
  private buildType({ buildInstanceType, hosts }: HostImageProps, reserved: number): ec2.InstanceType {
    const usual = new ec2.InstanceType(this.architecture === ec2.InstanceArchitecture.ARM_64 ? 'c7g.xlarge' : 'c6i.xlarge');
    const instanceType = buildInstanceType ?? (reserved > 0 ? hosts?.instanceType ?? DEFAULT_INSTANCE_TYPE : usual);
    if (instanceType.architecture !== this.architecture) {
      fail(this, `'buildInstanceType' must be of architecture ${this.architecture}, got ${instanceType.toString()}`);
    }
    const { memoryGiB } = instanceFacts(instanceType.toString()) ?? { memoryGiB: Infinity }; // others are the user's to know
    if (memoryGiB <= reserved) {
      fail(this, `'buildInstanceType' must have more memory than the ${reserved} GiB of huge pages that 'hosts' reserves, `
        + `got ${instanceType.toString()} with ${memoryGiB} GiB; leave it out`);
    }
    return instanceType;
  }

  private buildSubnet({ vpc, vpcSubnets }: HostImageProps): ec2.ISubnet {
    const { subnets: [subnet], hasPublic } = selectSubnets(this, vpc, vpcSubnets);
    if (hasPublic) {
      fail(this, "'vpcSubnets' of an image must be private subnets: a public one may give the machine that builds a public address");
    }
    warnIfIsolated(this, vpc, subnet, 'S3, Systems Manager (ssm, ssmmessages, ec2messages), EC2 Image Builder (imagebuilder) and CloudWatch Logs (logs)');
    return subnet;
  }
}

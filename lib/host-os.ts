// SPDX-License-Identifier: Apache-2.0
import * as ec2 from 'aws-cdk-lib/aws-ec2';

/** Of Amazon Linux 2023, each with images of its own. */
const KERNEL_LINES: readonly string[] = ['6.1', '6.12', '6.18'];

/** Options of `HostOs.amazonLinux2023`. */
export interface AmazonLinux2023Options {
  /**
   * Kernel line of the image: `6.1`, `6.12` or `6.18`.
   *
   * @default '6.12'
   */
  readonly kernel?: string;
}

/**
 * The host's operating system and where its image comes from.
 *
 * Images come from public SSM parameters that EC2 reads when it launches a host: no look-up at synth, and none when
 * CloudFormation deploys either. A newer image would then replace a host that nobody changed, and no new wait condition
 * would ask the new one for its proof. So a newer image comes with the next host; `machineImage` pins one.
 */
export abstract class HostOs {
  /**
   * Amazon Linux 2023: its kernels carry Amazon's own ENA driver, the only one with AF_XDP zero-copy.
   *
   * Never the `default` kernel line: it moves to another kernel once a year.
   */
  public static amazonLinux2023(options: AmazonLinux2023Options = {}): HostOs {
    const kernel = options.kernel ?? '6.12';
    if (!KERNEL_LINES.includes(kernel)) {
      throw new Error(`'kernel' must be a kernel line of Amazon Linux 2023, ${KERNEL_LINES.join(', ')}, got '${kernel}'`);
    }
    return new SsmHostOs('al2023', '/dev/xvda', true, kernel, arm =>
      `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-${kernel}-${arm ? 'arm64' : 'x86_64'}`);
  }

  /** Debian 13. Its ENA driver is the kernel's own: AF_XDP works in copy mode only. */
  public static debian13(): HostOs {
    return new SsmHostOs('debian13', '/dev/xvda', false, '6.12', arm =>
      `/aws/service/debian/release/13/latest/${arm ? 'arm64' : 'amd64'}`);
  }

  /** Ubuntu 24.04 LTS. Its ENA driver is the kernel's own: AF_XDP works in copy mode only. */
  public static ubuntu2404(): HostOs {
    return new SsmHostOs('ubuntu2404', '/dev/sda1', false, undefined, arm =>
      `/aws/service/canonical/ubuntu/server/24.04/stable/current/${arm ? 'arm64' : 'amd64'}/hvm/ebs-gp3/ami-id`);
  }

  protected constructor(
    /** Short name: `al2023`, `debian13` or `ubuntu2404`. */
    public readonly name: string,
  ) {}

  /**
   * The newest image of this system for an architecture, at the moment a host is launched.
   */
  public abstract machineImage(architecture: ec2.InstanceArchitecture): ec2.IMachineImage;

  /** @internal */
  public abstract readonly _rootDevice: string;

  /** Whether the images carry Amazon's ENA driver. @internal */
  public abstract readonly _amazonDriver: boolean;

  /** The kernel line of the images, undefined where it moves. @internal */
  public abstract readonly _kernel?: string;
}

class SsmHostOs extends HostOs {
  public constructor(
    name: string,
    public readonly _rootDevice: string,
    public readonly _amazonDriver: boolean,
    public readonly _kernel: string | undefined,
    private readonly parameterFor: (arm: boolean) => string,
  ) {
    super(name);
  }

  public machineImage(architecture: ec2.InstanceArchitecture): ec2.IMachineImage {
    return ec2.MachineImage.resolveSsmParameterAtLaunch(this.parameterFor(architecture === ec2.InstanceArchitecture.ARM_64), {
      os: ec2.OperatingSystemType.LINUX,
    });
  }
}

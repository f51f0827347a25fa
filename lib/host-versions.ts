// SPDX-License-Identifier: Apache-2.0
import type { Versions } from './private/versions';
import { installableVersions, STANDARD_VERSIONS } from './private/versions';

/** Options of `HostVersions.of`. */
export interface HostVersionsOptions {
  /** What you call this set, such as `2026.11-a`. It is part of the image's description. */
  readonly name: string;

  /**
   * The kernel: a line such as `6.12`, or a whole release such as `6.12.58-82.121.amzn2023.x86_64`.
   *
   * @default - the one that the base image has, whichever that is
   */
  readonly kernel?: string;

  /**
   * The least version of Amazon's ENA driver, which comes with the kernel of Amazon Linux. Other systems have the
   * kernel's own driver, which has no such version.
   *
   * @default '2.13.2'
   */
  readonly ena?: string;

  /**
   * DPDK: `25.11.4`, or `distro`, which Amazon Linux 2023 does not package.
   *
   * @default '25.11.4'
   */
  readonly dpdk?: string;

  /**
   * libxdp: `1.6.3`, or `distro`, which Amazon Linux 2023 does not package.
   *
   * @default '1.6.3'
   */
  readonly libxdp?: string;
}

/**
 * Kernel, ENA driver, DPDK and libxdp that were tried together, as one thing that changes as one. A `HostImage` is made
 * of them and tested for them, and its hosts check that they run them.
 */
export class HostVersions {
  /** Kernel 6.12, ENA driver 2.13.2 or newer, DPDK 25.11.4 and libxdp 1.6.3. */
  public static readonly V2026_11 = new HostVersions(STANDARD_VERSIONS);

  /** A set of your own. */
  public static of(options: HostVersionsOptions): HostVersions {
    const { name, kernel, ena = STANDARD_VERSIONS.ena, dpdk = STANDARD_VERSIONS.dpdk, libxdp = STANDARD_VERSIONS.libxdp } = options;
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw new Error(`'name' of a set of versions must be 1 to 64 letters, digits, '.', '_' and '-', got '${name}'`);
    }
    if (kernel !== undefined && !/^\d+\.\d+([.-][\w.+-]+)?$/.test(kernel)) {
      throw new Error(`'kernel' must be a line such as 6.12 or a release such as 6.12.58-82.121.amzn2023.x86_64, got '${kernel}'`);
    }
    if (!/^\d+(\.\d+){1,2}$/.test(ena)) {
      throw new Error(`'ena' must be a version such as ${STANDARD_VERSIONS.ena}, got '${ena}'`);
    }
    for (const [library, version] of [['dpdk', dpdk], ['libxdp', libxdp]] as const) {
      const installable = installableVersions(library);
      if (!installable.includes(version)) {
        throw new Error(`'${library}' must be ${installable.join(' or ')}, got '${version}'`);
      }
    }
    return new HostVersions({ name, kernel, ena, dpdk, libxdp });
  }

  /** Name of the set. */
  public readonly name: string;
  /** Kernel line or release, undefined where any will do. */
  public readonly kernel?: string;
  /** The least version of Amazon's ENA driver. */
  public readonly ena: string;
  /** DPDK, or `distro`. */
  public readonly dpdk: string;
  /** Version of libxdp, or `distro`. */
  public readonly libxdp: string;

  private constructor(versions: Versions) {
    this.name = versions.name;
    this.kernel = versions.kernel;
    this.ena = versions.ena;
    this.dpdk = versions.dpdk;
    this.libxdp = versions.libxdp;
  }
}

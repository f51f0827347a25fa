// SPDX-License-Identifier: Apache-2.0

/** What an image is made of. A data plane that asks for other versions contradicts its image. */
export interface Versions {
  readonly name: string;
  /** A kernel release, or what one begins with; undefined where any will do. */
  readonly kernel?: string;
  /** The least version of the ENA driver. */
  readonly ena: string;
  readonly dpdk: string;
  readonly libxdp: string;
}

/** The versions of hosts that build for themselves. A new set is added beside it, so that no image changes by itself. */
export const STANDARD_VERSIONS: Versions = {
  name: '2026.11',
  kernel: '6.12',
  ena: '2.13.2', // before it ENA's AF_XDP zero-copy lost buffers
  dpdk: '25.11.4',
  libxdp: '1.6.3',
};

/** What the hosts can build: the rows of userdata/packages/sources, as versions of each library. */
export const SOURCE_VERSIONS: Readonly<Record<Library, readonly string[]>> = { dpdk: ['25.11.4'], libxdp: ['1.6.3'] };

export type Library = 'dpdk' | 'libxdp';

/** Systems that package neither library: the rows without packages in userdata/packages. */
const WITHOUT_PACKAGES: readonly string[] = ['al2023'];

/** The versions of a library that can be installed, `distro` being the package of the system; any system if none is given. */
export function installableVersions(library: Library, os?: string): readonly string[] {
  return [...os !== undefined && WITHOUT_PACKAGES.includes(os) ? [] : ['distro'], ...SOURCE_VERSIONS[library]];
}

/** Of two versions such as 2.13.2 and 2.17, the newer. */
export function newer(a: string, b: string): string {
  const [x, y] = [a, b].map(version => version.split('.').map(Number));
  const at = [0, 1, 2].find(i => (x[i] ?? 0) !== (y[i] ?? 0));
  return at === undefined || (x[at] ?? 0) > (y[at] ?? 0) ? a : b;
}

/** The line that a kernel release belongs to: 6.12 of 6.12.58-82.121.amzn2023. */
export function kernelLine(release: string): string {
  return release.split('.', 2).join('.').replace(/-.*/, '');
}

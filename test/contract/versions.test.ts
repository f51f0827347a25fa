// SPDX-License-Identifier: Apache-2.0
import { installableVersions, SOURCE_VERSIONS, STANDARD_VERSIONS } from '../../lib/private/versions';
import type { Library } from '../../lib/private/versions';
import { read } from './files';

/* What a stack accepts as a version, its host must be able to install. */

const LIBRARIES: [Library, string][] = [['dpdk', 'dpdk'], ['libxdp', 'xdp-tools']];

const fields = (file: string) => read(`userdata/packages/${file}`).split('\n')
  .filter(line => line !== '' && !line.startsWith('#')).map(line => line.trim().split(/\s+/));

test.each(LIBRARIES)('%s can be built in the versions that packages/sources lists of %s', (library, source) => {
  const listed = fields('sources').filter(([name]) => name === source).map(([, version]) => version);
  expect(SOURCE_VERSIONS[library]).toEqual(listed);
  expect(listed).toContain(STANDARD_VERSIONS[library]);
});

test.each(['al2023', 'debian13', 'ubuntu2404'].flatMap(os => LIBRARIES.map(([library]) => [os, library] as const)))(
  'distro on %s is for those who have a package of %s', (os, library) => {
    const [, ...packages] = fields(os).find(([group]) => group === library)!;
    expect(installableVersions(library, os).includes('distro')).toBe(packages.length > 0);
  });

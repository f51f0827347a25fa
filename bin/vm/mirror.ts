// SPDX-License-Identifier: Apache-2.0
import { attempt } from '../lab/shell';

/** The Debian mirror this host installs from; undefined on a host that is not a Debian. */
export async function debianMirror(): Promise<string | undefined> {
  const { stdout } = await attempt('apt-get', ['indextargets', '--format', '$(ORIGIN) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages']);
  const sites = stdout.split('\n').map((line) => line.split(' ')).filter(([origin, component]) => origin === 'Debian' && component === 'main');
  // Security updates have an archive of their own, without the rest of the distribution.
  return sites.map(([, , site]) => site).find((site) => !/security/.test(site));
}

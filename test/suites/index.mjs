// SPDX-License-Identifier: Apache-2.0
// The suites, cheapest first. `missing` says why a suite cannot run here; `slow` ones need --all.
import { existsSync, rmSync } from 'node:fs';
import { ensurePackages } from './packages.mjs';
import { jest, meson, one, show, sum, tap } from './counting.mjs';

const root = process.getuid() === 0;
const needsRoot = (what) => () => (root ? undefined : `skipped: ${what} needs root; run 'sudo npm test'`);
const fuzzSeconds = process.env.KB_FUZZ_SECONDS ?? '10';

/** Configures a build directory once, and again when its options change. */
function configure(build, options) {
  const args = existsSync(`${build}/build.ninja`) ? ['configure', build, ...options] : ['setup', build, 'assets/dataplane', ...options];
  if (show('meson', args) !== 0) {
    rmSync(build, { recursive: true, force: true });
    return false;
  }
  return true;
}

function dataplane() {
  const plain = configure('build/test', []) ? meson('build/test') : one('false', []);
  // Sanitizers find what asserts cannot; the receivers' LTO is off, because both at once take minutes.
  const sanitize = ['-Db_sanitize=address,undefined', '-Db_lto=false', '-Dbuildtype=debugoptimized', '-Dfuzz=true'];
  if (!configure('build/sanitize', sanitize)) {
    return sum([plain, one('false', [])]);
  }
  return sum([plain, meson('build/sanitize'), one('bash', ['test/suites/fuzz.sh', 'build/sanitize', fuzzSeconds])]);
}

ensurePackages();

export const suites = [
  { name: 'unit', what: 'constructs and decisions, in TypeScript', run: () => jest(['test/unit'], { CDK_VALIDATION: 'false' }) },
  { name: 'contract', what: 'both sides of every seam', run: () => jest(['test/contract']) },
  { name: 'userdata', what: 'host bring-up: steps, units, checks', run: () => tap('bats', ['--formatter', 'tap', 'test/userdata']) },
  { name: 'dataplane', what: 'the C data plane: unit tests, sanitizers, fuzzing', run: dataplane },
  {
    // Without root its runs skip themselves and say so; its arithmetic needs none.
    name: 'lab', what: 'real packets through every plane',
    run: () => jest(['test/lab', '--runInBand']),
  },
  {
    name: 'vm', what: 'the synthesised template, booted in a virtual machine', slow: true,
    missing: needsRoot('the VM lab (its network)'),
    run: () => jest(['test/vm', '--runInBand']),
  },
];

// SPDX-License-Identifier: Apache-2.0
// The suites, cheapest first. `missing` says why a suite cannot run here; `slow` ones need --all.
import { existsSync, rmSync } from 'node:fs';
import vmPrerequisites from '../../bin/vm/prerequisites.js';
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

const ADDRESS_SANITIZER = ['-Db_sanitize=address,undefined', '-Db_lto=false', '-Dbuildtype=debugoptimized'];
// DPDK's own code is not instrumented, so what it synchronises would look like races.
const THREAD_SANITIZER = ['-Db_sanitize=thread', '-Db_lto=false', '-Dbuildtype=debugoptimized', '-Ddpdk=disabled'];
// The tests with more than one thread.
const THREADED = ['worker', 'subscribers', 'tap', 'receiver', 'kernel_ledger', 'life_kernel', 'life_xdp', 'life_afxdp'];

function dataplane() {
  const fuzz = ['-Db_lto=false', '-Dfuzz=true', `-Dfuzz_seconds=${fuzzSeconds}`];
  const plain = configure('build/test', fuzz) ? sum([meson('build/test'), one('ninja', ['-C', 'build/test', 'fuzz'])]) : one('false', []);
  // Once more with sanitizers, which find what asserts cannot.
  const addresses = configure('build/sanitize', ADDRESS_SANITIZER) ? meson('build/sanitize') : one('false', []);
  const threads = configure('build/threads', THREAD_SANITIZER) ? meson('build/threads', THREADED) : one('false', []);
  return sum([one('bash', ['assets/dataplane/tests/lint.sh']), plain, addresses, threads]);
}

const FOR_SPEED = ['-Db_sanitize=none', '-Db_lto=true', '-Dbuildtype=release', '-Ddpdk=auto'];

/** The lab with its receivers and senders built for a sanitizer, slowly enough for that; a finding ends a program with an error. */
function labWithSanitizers() {
  const lab = (options, planes) => (configure('build/lab', options)
    ? one('node', ['bin/kb.js', 'lab', '--rate', '5000', '--seconds', '2', '--planes', planes]) : one('false', []));
  try {
    return sum([
      lab(ADDRESS_SANITIZER, 'kernel,xdp,afxdp,dpdk,dpdk-memif'),
      lab(THREAD_SANITIZER, 'kernel,xdp,afxdp'),
    ]);
  } finally {
    configure('build/lab', FOR_SPEED);
  }
}

ensurePackages();

export const suites = [
  { name: 'unit', what: 'constructs and decisions, in TypeScript', run: () => jest(['test/unit'], { CDK_VALIDATION: 'false' }) },
  { name: 'contract', what: 'both sides of every seam', run: () => jest(['test/contract']) },
  { name: 'userdata', what: 'host bring-up: steps, units, checks', run: () => tap('bats', ['--formatter', 'tap', 'test/userdata']) },
  { name: 'dataplane', what: 'the C data plane: unit tests, sanitizers, static analysis, fuzzing', run: dataplane },
  { name: 'deploy', what: 'cdk deploy and cdk destroy, against a stand-in for AWS', run: () => jest(['test/deploy', '--runInBand']) },
  {
    // Without root its runs skip themselves and say so; its arithmetic needs none.
    name: 'lab', what: 'real packets through every plane',
    run: () => jest(['test/lab', '--runInBand']),
  },
  {
    name: 'lab-sanitizers', what: 'the lab, its programs built for AddressSanitizer and ThreadSanitizer', slow: true,
    missing: needsRoot('the lab'), run: labWithSanitizers,
  },
  { name: 'packages', what: 'API.md and the packages for other languages', run: () => jest(['test/packages/packages']) },
  {
    // Fetches the CDK of each language: hundreds of megabytes the first time.
    name: 'languages', what: "the README's app in Python and Java, and with the oldest CDK", slow: true,
    run: () => jest(['test/packages/languages', 'test/packages/oldest-cdk']),
  },
  {
    // Two planes that must come up, and three deployments that must fail; all of them with 'npm run test:vm'.
    // Emulated machines: about ten minutes for the five of `ci`.
    name: 'vm', what: 'the synthesised template, booted in a virtual machine',
    missing: needsRoot('the VM lab (its network)'),
    run: () => {
      ensurePackages(vmPrerequisites.VM_PACKAGES);
      return jest(['test/vm', '--runInBand'], { KB_VM: process.env.KB_VM ?? 'ci' });
    },
  },
];

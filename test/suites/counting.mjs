// SPDX-License-Identifier: Apache-2.0
// Runs a test tool and reads its own machine-readable result, so that counts are the tool's.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a command with its output on the terminal; returns its exit status. */
export function show(command, args, env = {}) {
  const done = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  if (done.error) {
    console.error(`${command}: ${done.error.message}`);
  }
  return done.status ?? 1;
}

/** A tool that stopped without a readable result is one failure, never a pass. */
function broken(status, notes = []) {
  return { passed: 0, failed: 1, skipped: 0, notes: [...notes, `stopped with status ${status} and left no result`] };
}

export function jest(folders, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kb-jest-'));
  const file = join(folder, 'result.json');
  try {
    const status = show('npx', ['jest', '--ci', '--json', `--outputFile=${file}`, ...folders], env);
    const result = JSON.parse(readFileSync(file, 'utf8'));
    // A suite that failed to compile runs no test; it must still count.
    const crashed = result.numRuntimeErrorTestSuites;
    const counted = { passed: result.numPassedTests, failed: result.numFailedTests + crashed, skipped: result.numPendingTests, notes: [] };
    return status !== 0 && counted.failed === 0 ? { ...counted, failed: 1, notes: [`jest stopped with status ${status}`] } : counted;
  } catch {
    return broken('unknown');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** bats and other TAP producers. */
export function tap(command, args, env = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  const output = done.stdout ?? '';
  const lines = output.split('\n');
  const skipped = lines.filter((line) => /^ok \d+ .*# skip/i.test(line));
  const passed = lines.filter((line) => /^ok \d+ /.test(line)).length - skipped.length;
  const failed = lines.filter((line) => /^not ok \d+ /.test(line)).length;
  console.log(lines.filter((line) => !/^ok \d+ /.test(line) || /# skip/i.test(line)).join('\n').trim());
  const planned = Number(/^1\.\.(\d+)/m.exec(output)?.[1] ?? 0);
  const lost = planned - passed - failed - skipped.length;
  if (done.status !== 0 && failed === 0) {
    return broken(done.status);
  }
  return {
    passed, failed: failed + Math.max(0, lost), skipped: skipped.length,
    notes: skipped.map((line) => line.replace(/^ok \d+ /, 'skipped: ')),
  };
}

/** `meson test`, from the JSON lines it leaves behind. */
export function meson(build, args = []) {
  const status = show('meson', ['test', '-C', build, '--print-errorlogs', ...args]);
  try {
    const results = readFileSync(join(build, 'meson-logs', 'testlog.json'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const count = (wanted) => results.filter((result) => wanted.includes(result.result)).length;
    const counted = { passed: count(['OK', 'EXPECTEDFAIL']), skipped: count(['SKIP']), notes: [] };
    const failed = results.length - counted.passed - counted.skipped;
    counted.notes = results.filter((result) => result.result === 'SKIP').map((result) => `skipped: ${result.name}`);
    return { ...counted, failed: failed === 0 && status !== 0 ? 1 : failed };
  } catch {
    return broken(status);
  }
}

/** A command that is one test: it passes or it does not. */
export function one(command, args, env = {}) {
  return show(command, args, env) === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0, notes: [`failed: ${command} ${args.join(' ')}`] };
}

export function sum(results) {
  return results.reduce((all, result) => ({
    passed: all.passed + result.passed, failed: all.failed + result.failed, skipped: all.skipped + result.skipped,
    notes: [...all.notes, ...(result.notes ?? [])],
  }), { passed: 0, failed: 0, skipped: 0, notes: [] });
}

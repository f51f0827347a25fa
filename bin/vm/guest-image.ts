// SPDX-License-Identifier: Apache-2.0
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PACKAGE_ROOT } from '../lab/package-root';
import { renderPlan, Plan } from '../lab/plan';
import { run } from '../lab/shell';
import { alone } from './alone';
import { debianMirror } from './mirror';

const RECIPE = path.join(PACKAGE_ROOT, 'test', 'vm', 'guest');
const CACHE = path.join(PACKAGE_ROOT, '.cache', 'vm');

const USUAL_VOLUME = '20G'; // the default of 'rootVolumeSize'; the file is sparse
const TIGHT_VOLUME = '900M'; // Debian fits, and little else

/** What the install step makes its result from: bake again when one of these changes. */
const INSTALLED_FROM = ['dataplane', 'handler', 'userdata/lib', 'userdata/packages', 'userdata/steps/install', 'systemd/receiver', 'systemd/sysusers', 'systemd/tmpfiles'];

/** How much is done at image time: the install step alone, or with kb-bake all that an image build does. */
export type Baking = 'install' | 'kb-bake';

/** How an image is made: who hears of it, and what ends it early. */
export interface ImageJob {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A disk image of the guest, kept for as long as its recipe stays the same. */
export class GuestImage {
  /** Debian as EC2 would start it: everything still to be installed, on a volume of the usual size or a tight one. */
  static async plain(tight: boolean, job: ImageJob): Promise<GuestImage> {
    const base = await baseFiles(job);
    return cached(`${tight ? 'tight' : 'plain'}-${base.key}`, base.folder, job, (folder) => unpacked(base.folder, job, async (root) => {
      job.say('packing the guest image');
      await run(path.join(RECIPE, 'pack.sh'), [root, path.join(folder, 'disk.raw'), tight ? TIGHT_VOLUME : USUAL_VOLUME], job);
    }));
  }

  /** As `plain`, with what this plan needs already there. */
  static async baked(baking: Baking, asset: string, plan: Plan, job: ImageJob): Promise<GuestImage> {
    const base = await baseFiles(job);
    const work = fs.mkdtempSync(path.join(cacheFolder(), 'asset-'));
    try {
      await run('tar', ['--extract', '--no-same-owner', '--file', asset, '--directory', work], job);
      const all = baking === 'kb-bake';
      const needed = all ? neededBy(['steps/install', 'bin/kb-bake'], work, plan, ['KB_ASSET_SHA256']) : neededBy(['steps/install'], work, plan);
      const key = digest([base.key, treeDigest(work, all ? ['.'] : INSTALLED_FROM), renderPlan(needed)]);
      return await cached(`${all ? 'image' : 'baked'}-${key}`, base.folder, job, (folder) => unpacked(base.folder, job, async (root) => {
        const planFile = path.join(folder, 'plan.env');
        fs.writeFileSync(planFile, renderPlan(needed));
        job.say(`baking the guest image: ${all ? 'kb-bake' : 'the install step'} in a chroot`);
        await run(path.join(RECIPE, 'bake.sh'), [root, work, planFile, baking], job);
        job.say('packing the guest image');
        await run(path.join(RECIPE, 'pack.sh'), [root, path.join(folder, 'disk.raw'), USUAL_VOLUME], job);
      }));
    } finally {
      fs.rmSync(work, { recursive: true });
    }
  }

  /** The file system's image; machines write to a copy. */
  readonly disk: string;
  /** GRUB, to be started by the firmware; it reads the guest's own menu. */
  readonly loader: string;
  readonly kernel: string;
  readonly initrd: string;

  constructor(folder: string, /** Where the CA is that the guest trusts. */ readonly caFolder: string) {
    this.disk = path.join(folder, 'disk.raw');
    this.loader = path.join(caFolder, 'grub.lkrn');
    this.kernel = path.join(caFolder, 'vmlinuz');
    this.initrd = path.join(caFolder, 'initrd.img');
  }
}

/** The root file system both images start from, its CA and its boot files. */
async function baseFiles(job: ImageJob): Promise<{ folder: string; key: string }> {
  const key = digest([treeDigest(RECIPE, ['.'])]);
  const folder = path.join(cacheFolder(), `base-${key}`);
  await make(folder, async (work) => {
    job.say('building the guest from Debian packages');
    const mirror = await debianMirror();
    await run(path.join(RECIPE, 'build.sh'), [work, ...(mirror === undefined ? [] : [mirror])], job);
  });
  return { folder, key };
}

async function cached(
  name: string, caFolder: string, job: ImageJob, build: (folder: string) => Promise<void>,
): Promise<GuestImage> {
  const folder = path.join(cacheFolder(), name);
  const started = Date.now();
  if (await make(folder, build)) {
    job.say(`built ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
  }
  return new GuestImage(folder, caFolder);
}

/** Fills a folder at once or not at all; returns whether there was anything to do. */
function make(folder: string, fill: (work: string) => Promise<void>): Promise<boolean> {
  return alone(folder, async () => {
    if (fs.existsSync(folder)) {
      return false;
    }
    const work = fs.mkdtempSync(`${folder}.`);
    try {
      await fill(work);
      fs.renameSync(work, folder);
    } catch (error) {
      fs.rmSync(work, { recursive: true, force: true });
      throw error;
    }
    return true;
  });
}

async function unpacked(base: string, job: ImageJob, use: (root: string) => Promise<void>): Promise<void> {
  const root = fs.mkdtempSync(path.join(cacheFolder(), 'root-'));
  try {
    await run('tar', ['--extract', '--numeric-owner', '--xattrs', '--file', path.join(base, 'rootfs.tar'), '--directory', root], job);
    await use(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** The part of the plan that these scripts say they need, and more of it. */
function neededBy(scripts: readonly string[], asset: string, plan: Plan, more: readonly string[] = []): Plan {
  const names = scripts.flatMap((script) => {
    const text = fs.readFileSync(path.join(asset, 'userdata', script), 'utf8');
    return /^require (.*)$/m.exec(text)?.[1].split(' ') ?? [];
  });
  return Object.fromEntries([...new Set([...names, ...more])].map((name) => [name, plan[name] ?? '']));
}

/** One sum over names and contents of the files below some paths. */
function treeDigest(root: string, paths: readonly string[]): string {
  const files = paths.map((one) => path.join(root, one)).filter((one) => fs.existsSync(one)).flatMap((one) => filesBelow(one)).sort();
  return digest(files.flatMap((file) => [path.relative(root, file), fs.readFileSync(file)]));
}

function filesBelow(file: string): string[] {
  return fs.statSync(file).isDirectory() ? fs.readdirSync(file).flatMap((name) => filesBelow(path.join(file, name))) : [file];
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = crypto.createHash('sha256');
  parts.forEach((part) => hash.update(`${part.length} `).update(part));
  return hash.digest('hex').slice(0, 16);
}

function cacheFolder(): string {
  fs.mkdirSync(CACHE, { recursive: true });
  return CACHE;
}

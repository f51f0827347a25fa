// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as cdk from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { handlerEntries, visibleIn } from './handler-sources';
import { packageRoot } from './package-root';
import type { TarEntry } from './tar';
import { tar } from './tar';

/** The package's folders that go to the host. */
const FOLDERS = ['assets/dataplane', 'assets/systemd', 'assets/cloudwatch', 'userdata'] as const;

/**
 * What stays behind: tests, examples and build folders of the data plane, and documents, for a better sentence must not
 * replace a host. bootstrap.sh travels in the user data itself.
 */
const EXCLUDED = [/^assets\/dataplane\/(tests|fuzz|examples|build[^/]*)(\/|$)/, /\.md$/, /^userdata\/bootstrap\.sh$/];

/** Programs; all other files are data. File modes of the package are not trusted: npm and zip lose them. */
const EXECUTABLE = /^userdata\/(bin|steps|checks)\//;

/** The archive as a deployment publishes it. */
export interface HostAsset {
  readonly httpUrl: string;
  readonly s3Url: string;
  readonly arn: string;
  /** Of the archive, known at synth. */
  readonly sha256: string;
}

/** The one archive a host fetches: its layout is that of /opt/kb/asset in ARCHITECTURE.md. */
export function hostAsset(scope: Construct, id: string, handlerDirectory?: string): HostAsset {
  const archive = tar([...packageEntries(), ...(handlerDirectory === undefined ? [] : handlerEntries(scope, handlerDirectory))]);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  // Named after our own hash: CDK's would change with CDK. The file is copied into the assembly at once.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk-kernel-bypass-'));
  const file = path.join(folder, 'host.tar');
  fs.writeFileSync(file, archive);
  // What aws-s3-assets does, without its bucket: that loads a table of all regions, a tenth of a second of each synth.
  const stack = cdk.Stack.of(scope);
  const staging = new cdk.AssetStaging(scope, id, { sourcePath: file, assetHash: sha256, assetHashType: cdk.AssetHashType.CUSTOM });
  if (staging.absoluteStagedPath !== file) {
    fs.rmSync(folder, { recursive: true });
  }
  const { bucketName, objectKey, httpUrl, s3ObjectUrl } = stack.synthesizer.addFileAsset({
    packaging: cdk.FileAssetPackaging.FILE, sourceHash: staging.assetHash, fileName: staging.relativeStagedPath(stack),
  });
  const arn = stack.formatArn({ service: 's3', region: '', account: '', resource: bucketName, resourceName: objectKey });
  return { httpUrl, s3Url: s3ObjectUrl, arn, sha256 };
}

export function packageEntries(): TarEntry[] {
  const root = packageRoot();
  return FOLDERS.flatMap(folder => filesBelow(path.join(root, folder), folder)
    .filter(file => !EXCLUDED.some(pattern => pattern.test(file)))
    .map(file => ({
      path: file.replace(/^assets\//, ''),
      mode: EXECUTABLE.test(file) ? 0o755 : 0o644,
      content: fs.readFileSync(path.join(root, file)),
    })));
}

/** Paths of all files, named from `prefix` with forward slashes; hidden files are left out. */
function filesBelow(directory: string, prefix: string): string[] {
  return visibleIn(directory).flatMap(entry => {
    const name = path.posix.join(prefix, entry);
    const file = path.join(directory, entry);
    return fs.statSync(file).isDirectory() ? filesBelow(file, name) : [name];
  });
}

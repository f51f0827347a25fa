// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { OtherApp } from './other-app';
import { run, versionOf } from './run';
import { synthesise } from './synthesis';

const BUILD = ['--batch-mode', '--quiet', '-DskipTests', '-Dmaven.javadoc.skip', '-Dmaven.source.skip', 'package'];

/** Compiled with Maven together with the generated package, whose own build file says what it depends on. */
export const javaApp: OtherApp = {
  needs: 'a JDK, Maven and its central repository',

  missing: () => (versionOf('javac', '-version') === undefined ? 'there is no JDK'
    : versionOf('mvn', '--version') === undefined ? 'there is no Maven' : undefined),

  synthesise(folder, library) {
    fs.cpSync(library, path.join(folder, 'library'), { recursive: true });
    fs.cpSync(path.join(__dirname, 'java'), path.join(folder, 'app'), { recursive: true });
    fs.renameSync(path.join(folder, 'app', 'both.xml'), path.join(folder, 'pom.xml'));
    const build = () => synthesise(folder, (env) => run('mvn', BUILD, folder, env));
    try {
      return build();
    } catch (error) {
      if (!/No versions available for software.amazon.awscdk:aws-cdk-lib/.test(String(error))) {
        throw error;
      }
      console.log('the repository has no aws-cdk-lib that is new enough: the newest it has is taken');
      const pom = path.join(folder, 'library', 'pom.xml');
      const needs = /(<artifactId>aws-cdk-lib<\/artifactId>\s*<version>\[)[\d.]+/;
      fs.writeFileSync(pom, fs.readFileSync(pom, 'utf8').replace(needs, '$12.0.0'));
      return build();
    }
  },
};

// SPDX-License-Identifier: Apache-2.0
import { read } from './files';

/** A fenced block of a document. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

export const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'userdata/README.md'];

export function codeBlocks(document: string): CodeBlock[] {
  return [...read(document).matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
}

/** The command lines of a document, from its shell blocks and from text in back-quotes; comments left out. */
export function commandLines(document: string): string[] {
  const shell = codeBlocks(document).filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split('\n'));
  const prose = read(document).replace(/^```[^]*?^```$/gm, '');
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text).filter((text) => /^(npm|npx|kb|cdk|meson|ninja|bats) /.test(text));
  return [...shell, ...inline]
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split('&&'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Targets of links to other files of the repository. */
export function links(document: string): string[] {
  return [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^https?:/.test(target));
}

// SPDX-License-Identifier: Apache-2.0
import { read } from './files';

const PAGE = 'assets/dataplane/HANDLERS.md';
const FILE = 'assets/dataplane/examples/itch/kb_handler.c';

test('the code of the page on handlers, put together, is the example that is compiled and run', () => {
  const blocks = [...read(PAGE).matchAll(/^```c\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(3);
  expect(blocks.join('')).toBe(read(FILE));
});

test('the page names the functions that handler.h declares', () => {
  const declared = [...read('assets/dataplane/include/kb/handler.h').matchAll(/^(?:int|void) (kb_handler_[a-z_]+)\(/gm)].map(([, name]) => name);
  const inTable = [...read(PAGE).matchAll(/^\| `(kb_handler_[a-z_]+)`/gm)].map(([, name]) => name);
  expect(inTable.sort()).toEqual(declared.filter(name => name !== 'kb_handler_arg').sort());
});

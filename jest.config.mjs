// SPDX-License-Identifier: Apache-2.0

// ts-jest compiles each file by itself (isolatedModules in tsconfig.dev.json); `npm run lint` checks the types.
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Sources before what jsii and esbuild left beside them, so that a test never runs against a stale build.
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.dev.json' }] },
  testPathIgnorePatterns: ['/node_modules/', '/.cache/', '/test/integ/'],
  testTimeout: 30_000,
};

// SPDX-License-Identifier: Apache-2.0
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/*.js', '**/*.d.ts', '**/*.mjs', 'cdk.out/', 'coverage/', '.cache/', 'build/', 'assets/dataplane/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: 'tsconfig.dev.json' } },
    rules: {
      'eqeqeq': 'error',
      'no-console': 'off', // bin/ is a command line
      'prefer-const': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-shadow': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // jsii knows no `unknown`: a template is `any` in the public API.
    files: ['lib/stack-snapshot.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);

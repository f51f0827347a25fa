// SPDX-License-Identifier: Apache-2.0
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/*.js', '**/*.d.ts', '**/*.mjs', 'cdk.out/', 'coverage/', '.cache/', 'build/', 'assets/dataplane/',
      'test/contract/user-app/',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: 'tsconfig.dev.json' } },
    rules: {
      'eqeqeq': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-shadow': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // jsii knows no `unknown`: a template is `any` in the public API.
    files: ['lib/stack-snapshot.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    // Templates and other JSON have no types; a wrong guess fails the test.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);

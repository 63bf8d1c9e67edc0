import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const typescriptFiles = ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'];
const testFiles = ['**/*.test.ts', 'test/**/*.ts'];

// Calls of node:test at the top of a file return promises that the runner itself awaits.
const runnerCalls = {
  from: 'package',
  package: 'node:test',
  name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
};

const size = { skipBlankLines: true, skipComments: true };

const houseRules = {
  eqeqeq: 'error',
  'no-console': 'error',
  'max-lines': ['error', { max: 300 }],
  'max-lines-per-function': ['error', { max: 70, ...size }],
  'max-params': ['error', { max: 3 }],
  'no-constant-binary-expression': 'error',
  'no-fallthrough': 'error',
  'no-self-compare': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-catch': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
};

const typedRules = {
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-array-delete': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': [
    'error',
    { checkThenables: true, allowForKnownSafeCalls: [runnerCalls] },
  ],
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-unnecessary-condition': [
    'error',
    { allowConstantLoopConditions: 'only-allowed-literals' },
  ],
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/return-await': ['error', 'in-try-catch'],
  '@typescript-eslint/switch-exhaustiveness-check': 'error',
};

export default defineConfig(
  globalIgnores(['.runtime/', 'node_modules/', '.slotwright/', 'console/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: typescriptFiles,
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: { ...houseRules, ...typedRules },
  },
  { files: testFiles, rules: { 'max-lines': ['error', { max: 500 }] } },
  // Plain JavaScript that must run before anything is installed: linted without types.
  { files: ['bin/**/*.js', 'scripts/**/*.js', '*.js'], rules: houseRules },
  {
    files: ['bin/**', 'scripts/**', 'bench/**', 'src/cli/terminal.ts', 'src/io/terminal.ts'],
    rules: { 'no-console': 'off' },
  },
);

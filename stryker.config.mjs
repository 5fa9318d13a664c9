// Mutation tests of core: `npm run mutation`, or of single files: `npm run mutation -- --mutate packages/core/src/state.ts`.
// What was seen is kept in mutation/incremental.json; the next run tests only what has changed since.

/** @type {import('@stryker-mutator/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  mutate: ['packages/core/src/**/*.ts'],
  ignorePatterns: ['/apps', '/mutation', '/tools', '/packages/adapters', '/packages/otel', '/packages/testkit'],
  // It is read by an API that TypeScript 7 does not have.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  // Mutants of what runs once, when a module is loaded, would each take all tests, most of them to change an error's words.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: 'mutation/incremental.json',
  tempDirName: 'mutation/tmp',
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'mutation/report.json' },
  thresholds: { break: 95, high: 98, low: 95 },
}

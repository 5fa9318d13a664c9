// Mutation tests of core: `npm run mutation`, or of single files: `npm run mutation -- --mutate packages/core/src/state.ts`.
// What of that is kept, and how it is judged, is in scripts/mutation.ts.

/** @type {import('@stryker-mutator/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  mutate: ['packages/core/src/**/*.ts'],
  ignorePatterns: [
    '/apps',
    '/mutation',
    '/tools',
    '/packages/adapters',
    '/packages/console',
    '/packages/otel',
    '/packages/testkit',
  ],
  // It is read by an API that TypeScript 7 does not have.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: 'mutation/incremental.json',
  tempDirName: 'mutation/tmp',
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false },
  // That mutants of what runs once, when a module is loaded, take all tests each is known, and worth it.
  warnings: { slow: false },
  thresholds: { break: 95, high: 98, low: 95 },
}

import { defineConfig } from 'vitest/config'
import root from './vitest.config.ts'

/**
 * The tests of core that Stryker runs against each mutant: in one worker, as starting one for each file would take most of
 * the time, and without those that take seconds.
 */
export default defineConfig({
  ...root,
  test: {
    root: 'packages/core',
    include: ['test/**/*.test.ts'],
    exclude: ['test/model.test.ts', 'test/shared-timer.test.ts', 'test/**/*.property.test.ts'],
    // A mutant that leaves a promise hanging is seen by this.
    testTimeout: 2_000,
    isolate: false,
    fileParallelism: false,
  },
})

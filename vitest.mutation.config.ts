import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import root from './vitest.config.ts'

/** In one order, whatever failed or was slow last time: in a shared worker it decides which test runs a line first. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1))
  }
}

/**
 * The tests of core that Stryker runs against each mutant: in one worker, as starting one for each file would take most of
 * the time, and without those that take seconds.
 */
export default defineConfig({
  ...root,
  test: {
    root: 'packages/core',
    include: ['test/**/*.test.ts'],
    exclude: ['test/model.test.ts', 'test/process-exit.test.ts', 'test/**/*.property.test.ts'],
    // A mutant that leaves a promise hanging is seen by this. No test waits for real time: it is long for any machine.
    testTimeout: 5_000,
    isolate: false,
    fileParallelism: false,
    sequence: { sequencer: ByName },
  },
})

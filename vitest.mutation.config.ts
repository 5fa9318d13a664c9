import { defineConfig } from 'vitest/config'
import root from './vitest.config.ts'

/** The tests of core, without the type tests: what Stryker runs against each mutant. */
export default defineConfig({
  ...root,
  test: { root: 'packages/core', include: ['test/**/*.test.ts'], testTimeout: 20_000 },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'e2e',
    root: import.meta.dirname,
    include: ['e2e/*.e2e.ts'],
    globalSetup: 'e2e/require-programs.ts',
    // The outage mostly waits, and the rules need the time meanwhile.
    maxWorkers: 2,
    // Deadlines only: everything that is waited for is asked for again and again. Busy machines may take long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What goes wrong first is why the rest does.
    bail: 1,
  },
})

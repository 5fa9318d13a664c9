import fc from 'fast-check'
import { test, vi } from 'vitest'
import { BreakerStory } from './model/breaker-story.ts'
import { DrivenBreaker } from './model/driven-breaker.ts'
import { scenarios } from './model/scenarios.ts'
import { steps } from './model/steps.ts'

// For a long run: FAST_CHECK_RUNS=1000000 npx vitest run --project packages/core model
const numRuns = Number(process.env['FAST_CHECK_RUNS'] ?? (process.env['CI'] ? 10_000 : 3_000))

test(
  'a breaker is always where its story says it is',
  async () => {
    // Times that are short enough to meet each other are reported as dangerous.
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const property = fc.asyncProperty(
      scenarios,
      fc.commands(steps, { maxCommands: 50, size: 'max' }),
      (scenario, taken) =>
        fc.asyncModelRun(() => ({ model: new BreakerStory(scenario), real: new DrivenBreaker(scenario) }), taken),
    )
    await fc.assert(property, { numRuns })
  },
  10_000 + numRuns * 20,
)

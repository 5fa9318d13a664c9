import fc from 'fast-check'
import type { Verdict } from '@switchgear/core'
import { expect } from 'vitest'
import type { BreakerStory } from './breaker-story.ts'
import type { DrivenBreaker } from './driven-breaker.ts'
import { promisesSettled } from './skewed-clock.ts'

type Step = fc.AsyncCommand<BreakerStory, DrivenBreaker>

/** A step that is taken in the story and by the breaker, and compared. */
function step(
  name: string,
  take: (story: BreakerStory, driven: DrivenBreaker) => void | Promise<void>,
  check: (story: BreakerStory) => boolean = () => true,
): Step {
  return {
    check,
    toString: () => name,
    run: async (story, driven) => {
      await take(story, driven)
      await promisesSettled()
      const [told, seen] = [story.view(), driven.view()]
      if (JSON.stringify(told) !== JSON.stringify(seen)) expect(seen).toEqual(told)
    },
  }
}

function ask(): Step {
  return step('ask', (story, driven) => {
    const wasAvailable = driven.breaker.isAvailable()
    const isAdmitted = driven.ask()
    expect(story.ask()).toBe(isAdmitted)
    // A listener that moves the breaker meanwhile is nothing that could be known before.
    if (story.scenario.reactions.length === 0) expect(wasAvailable).toBe(isAdmitted)
  })
}

function execute(isAborted: boolean): Step {
  return step(isAborted ? 'execute, aborted' : 'execute', (story, driven) => {
    driven.execute(isAborted ? AbortSignal.abort() : undefined)
    if (!isAborted) story.ask(true)
  })
}

/** Ends one of the calls in flight. */
function settle(pick: number, verdict: Verdict): Step {
  const inFlight = ({ given }: BreakerStory): BreakerStory['given'] => given.filter(({ end }) => end === undefined)
  return step(
    `settle ${pick.toFixed(3)} as ${verdict}`,
    (story, driven) => {
      const open = inFlight(story)
      const call = open[Math.floor(pick * open.length)]
      driven.settle(
        story.given.findIndex((given) => given === call),
        verdict,
      )
      story.settle(call, verdict)
    },
    (story) => inFlight(story).length > 0,
  )
}

/** Ends a call that has ended. */
function settleAgain(pick: number, verdict: Verdict): Step {
  const ended = ({ given }: BreakerStory): number[] =>
    given.flatMap(({ end }, index) => (end === undefined ? [] : [index]))
  return step(
    `settle ${pick.toFixed(3)} again, as ${verdict}`,
    (story, driven) => {
      const indexes = ended(story)
      driven.settle(indexes[Math.floor(pick * indexes.length)] ?? 0, verdict)
    },
    (story) => ended(story).length > 0,
  )
}

function advance(ms: number): Step {
  return step(`advance ${ms}`, async (story, driven) => {
    await driven.clock.advance(ms)
    story.advance(ms)
  })
}

/** The clock is set back: no time has passed. Time limits are measured by timers, which do not follow. */
function setBack(ms: number): Step {
  return step(
    `set back ${ms}`,
    (_, driven) => void (driven.clock.skewMs -= ms),
    ({ scenario }) => scenario.timeoutMs === undefined,
  )
}

function readNonsense(reading: number): Step {
  return step(`read ${reading}`, (story, driven) => {
    driven.clock.nonsense = reading
    expect(driven.breaker.status().state).toBe(story.state)
    driven.clock.nonsense = undefined
  })
}

function trip(): Step {
  return step('trip', (story, driven) => expect(driven.trip()).toBe(story.trip()))
}

function reset(): Step {
  return step('reset', (story, driven) => {
    driven.reset()
    story.reset()
  })
}

function override(state: 'forced_open' | 'disabled', forMs: number): Step {
  return step(`${state} for ${forMs}`, (story, driven) => {
    driven.override(state, forMs)
    story.override(state, forMs)
  })
}

function dispose(pick: number): Step {
  return step(
    `dispose ${pick.toFixed(3)}`,
    (story, driven) => {
      const index = Math.floor(pick * story.overrides)
      driven.handles[index]?.[Symbol.dispose]()
      story.dispose(index)
    },
    ({ overrides }) => overrides > 0,
  )
}

const verdict = fc.constantFrom<Verdict>('success', 'success', 'success', 'failure', 'failure', 'failure', 'ignored')
const pick = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const forMs = fc.constantFrom(0, 5, 20, Number.POSITIVE_INFINITY)

const asked = fc.oneof(
  { weight: 4, arbitrary: fc.constant(ask()) },
  { weight: 1, arbitrary: fc.constant(execute(false)) },
)
const settled = fc.tuple(pick, verdict).map((given) => settle(...given))
const passed = fc.constantFrom(1, 5, 10, 20, 30, 100).map(advance)
const clockBroken = fc.oneof(
  fc.nat(60).map(setBack),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY).map(readNonsense),
)
const operated = fc.oneof(
  fc.constant(trip()),
  fc.constant(reset()),
  fc.tuple(fc.constantFrom('forced_open' as const, 'disabled' as const), forMs).map((given) => override(...given)),
  pick.map(dispose),
)
const odd = fc.oneof(
  fc.constant(execute(true)),
  fc.tuple(pick, verdict).map((given) => settleAgain(...given)),
)

/** All that can happen to a breaker; calls and time more often than the rest. */
export const steps: fc.Arbitrary<Step>[] = [
  ...Array.from({ length: 6 }, () => asked),
  ...Array.from({ length: 6 }, () => settled),
  ...Array.from({ length: 4 }, () => passed),
  clockBroken,
  operated,
  odd,
]

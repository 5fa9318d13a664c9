import { afterEach, expect, test, vi } from 'vitest'
import {
  anyOf,
  checkOptions,
  CircuitBreaker,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
  failureRate,
  type Finding,
  slowCallRate,
  type Traffic,
  type TripPolicy,
} from '@switchgear/core'
import { hear } from './drive.ts'

afterEach(() => vi.restoreAllMocks())

const quiet = { timeoutMs: 1_000 } satisfies CircuitBreakerOptions
const recovery = { check: (): boolean => true, everyMs: 5_000 }

const cases: [options: CircuitBreakerOptions, traffic: Traffic | undefined, codes: string[]][] = [
  [quiet, undefined, []],
  [{}, undefined, ['no_timeout']],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, undefined, []],

  [{ timeoutMs: 30_001 }, undefined, ['lease_shorter_than_timeout']],
  [{ timeoutMs: 30_000 }, undefined, []],

  [{ ...quiet, trip: failureRate({ window: { ms: 999 } }) }, undefined, ['window_shorter_than_timeout']],
  [{ ...quiet, trip: failureRate({ window: { ms: 1_000 } }) }, undefined, []],
  [{ ...quiet, trip: failureRate({ window: { calls: 10 } }) }, undefined, []],
  [
    { ...quiet, trip: anyOf(consecutiveFailures(5), failureRate({ window: { ms: 500 } })) },
    undefined,
    ['window_shorter_than_timeout'],
  ],

  [{ ...quiet, trip: slowCallRate({ slowMs: 1_001 }) }, undefined, ['slow_beyond_timeout']],
  [{ ...quiet, trip: slowCallRate({ slowMs: 1_000 }) }, undefined, []],

  [{ ...quiet, openMs: 5_000, recoverWhen: recovery }, undefined, ['recovery_check_too_late']],
  [{ ...quiet, openMs: 5_001, recoverWhen: recovery }, undefined, []],
  [{ ...quiet, openMs: () => 1, recoverWhen: recovery }, undefined, []],

  [
    { ...quiet, trip: failureRate({ window: { ms: 10_000 }, minimumCalls: 10 }) },
    { callsPerSecond: 0.99 },
    ['minimum_never_reached'],
  ],
  [{ ...quiet, trip: failureRate({ window: { ms: 10_000 }, minimumCalls: 10 }) }, { callsPerSecond: 1 }, []],
  [{ ...quiet, trip: failureRate({ window: { calls: 10 } }) }, { callsPerSecond: 0.001 }, []],
  [quiet, { callsPerSecond: 0.001 }, []],

  [quiet, { callsPerSecond: 101 }, ['sudden_recovery']],
  [quiet, { callsPerSecond: 100 }, []],
  [{ ...quiet, rampUp: { stepMs: 60_000 } }, { callsPerSecond: 101 }, []],

  [
    { ...quiet, rampUp: { stepsPercent: [10, 50], stepMs: 1_000, minimumCalls: 5 } },
    { callsPerSecond: 10 },
    ['ramp_step_without_results'],
  ],
  [{ ...quiet, rampUp: { stepsPercent: [50], stepMs: 1_000, minimumCalls: 5 } }, { callsPerSecond: 10 }, []],

  [{ ...quiet, openMs: 14_999, halfOpen: {} }, { scrapeMs: 15_000 }, ['open_shorter_than_scrape']],
  [{ ...quiet, openMs: 15_000 }, { scrapeMs: 15_000 }, []],
  [{ ...quiet, openMs: () => 1 }, { scrapeMs: 15_000 }, []],
]
test.for(cases)('of %j under %j it says %j', ([options, traffic, codes]) => {
  expect(checkOptions(options, traffic).map(({ code }) => code)).toEqual(codes)
})

const findings: [options: CircuitBreakerOptions, traffic: Traffic, finding: Finding][] = [
  [
    { timeoutMs: 45_000 },
    {},
    {
      code: 'lease_shorter_than_timeout',
      severity: 'danger',
      option: 'halfOpen.probeTimeoutMs',
      message:
        "a probe counts as failed after 30000 ms, before its call's 45000 ms are over: slow successes keep the breaker open",
    },
  ],
  [
    { timeoutMs: 5_000, trip: failureRate({ window: { ms: 3_000 } }) },
    {},
    {
      code: 'window_shorter_than_timeout',
      severity: 'danger',
      option: 'trip.window',
      message:
        'the window of 3000 ms is shorter than the 5000 ms after which a call fails: one slow call fills no window',
    },
  ],
  [
    { timeoutMs: 5_000, trip: slowCallRate({ slowMs: 6_000 }) },
    {},
    {
      code: 'slow_beyond_timeout',
      severity: 'danger',
      option: 'trip.slowMs',
      message: 'no call lasts 6000 ms, since all end after 5000 ms: none is slow',
    },
  ],
  [
    { ...quiet, trip: failureRate({ window: { ms: 3_000 }, minimumCalls: 10 }) },
    { callsPerSecond: 2.5 },
    {
      code: 'minimum_never_reached',
      severity: 'danger',
      option: 'trip.minimumCalls',
      message: '2.5 calls a second are 7 in a window of 3000 ms, fewer than the 10 it takes to judge: it never trips',
    },
  ],
  [
    {},
    {},
    {
      code: 'no_timeout',
      severity: 'hint',
      option: 'timeoutMs',
      message: 'a call that never ends is never a failure, unless the function has a time limit of its own',
    },
  ],
  [
    { ...quiet, openMs: 4_000, recoverWhen: recovery },
    {},
    {
      code: 'recovery_check_too_late',
      severity: 'hint',
      option: 'recoverWhen.everyMs',
      message: 'the first check comes after 5000 ms, when the breaker lets probes through anyway (4000 ms)',
    },
  ],
  [
    quiet,
    { callsPerSecond: 250 },
    {
      code: 'sudden_recovery',
      severity: 'hint',
      option: 'rampUp',
      message: 'after 3 good probes all 250 calls a second come back at once; rampUp lets them in by and by',
    },
  ],
  [
    { ...quiet, rampUp: { stepsPercent: [10], stepMs: 2_000, minimumCalls: 5 } },
    { callsPerSecond: 12 },
    {
      code: 'ramp_step_without_results',
      severity: 'hint',
      option: 'rampUp.minimumCalls',
      message: 'the step of 10 % sees 2 calls in 2000 ms, fewer than the 5 it takes to judge: it lasts longer',
    },
  ],
  [
    { ...quiet, openMs: 5_000 },
    { scrapeMs: 15_000 },
    {
      code: 'open_shorter_than_scrape',
      severity: 'hint',
      option: 'openMs',
      message:
        'open for 5000 ms, the breaker may open and close between two scrapes 15000 ms apart: alert on transitions, not on the state',
    },
  ],
]
test.for(findings)('of %j under %j it says in plain words what will happen', ([options, traffic, finding]) => {
  expect(checkOptions(options, traffic)).toEqual([finding])
})

test('of a policy that names a window and no minimum, none can be missed', () => {
  const trip: TripPolicy = {
    timed: true,
    window: { ms: 1_000 },
    createTracker: () => consecutiveFailures(5).createTracker(),
  }

  expect(checkOptions({ ...quiet, trip }, { callsPerSecond: 0.001 })).toEqual([])
})

test('all findings are told at once', () => {
  const options: CircuitBreakerOptions = {
    timeoutMs: 60_000,
    openMs: 5_000,
    trip: anyOf(failureRate({ window: { ms: 10_000 } }), slowCallRate({ slowMs: 90_000, window: { ms: 10_000 } })),
    recoverWhen: recovery,
  }
  const codes = checkOptions(options, { callsPerSecond: 0.1, scrapeMs: 15_000 }).map(({ code }) => code)

  expect(codes.toSorted()).toEqual([
    'lease_shorter_than_timeout',
    'minimum_never_reached',
    'minimum_never_reached',
    'open_shorter_than_scrape',
    'recovery_check_too_late',
    'slow_beyond_timeout',
    'window_shorter_than_timeout',
    'window_shorter_than_timeout',
  ])
})

test('options that are not allowed are an error, not a finding', () => {
  expect(() => checkOptions({ openMs: -1 })).toThrow(CircuitBreakerConfigError)
  expect(() => checkOptions({}, { callsPerSecond: -1 })).toThrow(/traffic\.callsPerSecond/)
  expect(() => checkOptions({}, { scrapeMs: 0 })).toThrow(/traffic\.scrapeMs/)
  expect(() => checkOptions({}, { callPerSecond: 5 } as Traffic)).toThrow(/did you mean traffic\.callsPerSecond/)
})

test('checking makes no breaker and tells nobody', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})

  checkOptions({ timeoutMs: 45_000 })

  expect(warn).not.toHaveBeenCalled()
})

test('dangers are told when a breaker is made, hints are not', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})

  const breaker = new CircuitBreaker('payments', { timeoutMs: 45_000 })
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^switchgear: circuit breaker "payments": a probe counts as failed after 30000 ms/)],
  ])
  expect(breaker.status().warnings).toEqual({ options_dangerous: 1 })

  expect(new CircuitBreaker('search', {}).status().warnings).toEqual({})
  expect(warn).toHaveBeenCalledTimes(1)
})

test('dangers in the defaults of a registry are told once, not for each breaker', () => {
  const registry = new CircuitBreakerRegistry({ defaults: { timeoutMs: 45_000 } })
  const warnings = hear(registry, 'warning')

  for (const name of ['a', 'b', 'c']) registry.get(name)

  expect(warnings).toEqual([expect.objectContaining({ breaker: 'a', code: 'options_dangerous' })])
})

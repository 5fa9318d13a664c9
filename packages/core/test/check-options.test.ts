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
  slowCallRate,
  type Traffic,
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

test('a finding names the option, how bad it is, and the numbers', () => {
  expect(checkOptions({ timeoutMs: 45_000 })).toEqual([
    {
      code: 'lease_shorter_than_timeout',
      severity: 'danger',
      option: 'halfOpen.probeTimeoutMs',
      message: expect.stringMatching(/30000 ms.*45000 ms/) as unknown,
    },
  ])
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
  expect(warn.mock.calls).toEqual([[expect.stringContaining('45000 ms')]])
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

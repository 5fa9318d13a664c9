import { expectTypeOf, test } from 'vitest'
import {
  anyOf,
  type CircuitBreakerOptions,
  consecutiveFailures,
  exponentialBackoff,
  failureRate,
  type OpenPolicy,
  slowCallRate,
  type TripPolicy,
} from '@switchgear/core'

test('every factory gives what the options take', () => {
  expectTypeOf(failureRate()).toEqualTypeOf<TripPolicy>()
  expectTypeOf(slowCallRate({ slowMs: 100 })).toEqualTypeOf<TripPolicy>()
  expectTypeOf(anyOf(consecutiveFailures(5), failureRate())).toExtend<NonNullable<CircuitBreakerOptions['trip']>>()
  expectTypeOf(exponentialBackoff()).toEqualTypeOf<OpenPolicy>()
  expectTypeOf(exponentialBackoff()).toExtend<NonNullable<CircuitBreakerOptions['openMs']>>()
})

test('a window is of calls or of time', () => {
  failureRate({ window: { calls: 100 } })
  failureRate({ window: { ms: 1000 } })
  failureRate({ window: { ms: 1000, buckets: 5 } })
  // @ts-expect-error one of the two
  failureRate({ window: { calls: 100, ms: 1000 } })
  // @ts-expect-error buckets are of time
  failureRate({ window: { calls: 100, buckets: 5 } })
  // @ts-expect-error of how much time
  failureRate({ window: { buckets: 5 } })
})

test('names and values that do not exist do not compile', () => {
  // @ts-expect-error a call is slow from some duration on
  slowCallRate({ threshold: 0.5 })
  // @ts-expect-error a rate of failures knows nothing of durations
  failureRate({ slowMs: 100 })
  // @ts-expect-error policies, not a list of them
  anyOf([failureRate()])
  // @ts-expect-error a number, not a text
  exponentialBackoff({ initialMs: '5s' })
})

import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail } from './drive.ts'

function ticking(): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  return { breaker: new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000 }), clock }
}

test('the failure that opens a breaker may hold it open for longer', () => {
  const { breaker, clock } = ticking()
  fail(breaker)

  breaker.acquire().failure(down, { holdMs: 5_000 })

  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 5_000 })
  clock.advance(5_000)
  expect(breaker.acquire().probe).toBe(true)
})

test('a failed probe may hold it open for longer too', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_000)

  breaker.acquire().failure(down, { holdMs: 5_000 })

  expect(breaker.status().retryAfterMs).toBe(5_000)
})

test('a hold makes no open time shorter', () => {
  const { breaker } = ticking()
  fail(breaker)

  breaker.acquire().failure(down, { holdMs: 10 })

  expect(breaker.status().retryAfterMs).toBe(1_000)
})

test('a hold of a failure that opens nothing holds nothing', () => {
  const { breaker, clock } = ticking()
  const late = breaker.acquire()
  breaker.acquire().failure(down, { holdMs: 5_000 })
  expect(breaker.state).toBe('closed')
  fail(breaker)
  expect(breaker.status().retryAfterMs).toBe(1_000)

  late.failure(down, { holdMs: 9_000 })
  expect(breaker.status().retryAfterMs).toBe(1_000)

  clock.advance(1_000)
  expect(breaker.state).toBe('half_open')
})

test.for([Number.NaN, -1, undefined])('a hold of %j is left out', (holdMs) => {
  const { breaker } = ticking()
  fail(breaker)

  breaker.acquire().failure(down, { holdMs })

  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 1_000 })
})

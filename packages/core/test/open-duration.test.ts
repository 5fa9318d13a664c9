import { expect, test } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, thrownBy } from './drive.ts'

function opened(options: CircuitBreakerOptions): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), ...options })
  fail(breaker)
  return { breaker, clock }
}

test('a breaker stays open for five minutes and not a millisecond longer', () => {
  const { breaker, clock } = opened({})

  clock.advance(299_999)
  expect(breaker.state).toBe('open')
  expect(breaker.tryAcquire()).toBeUndefined()

  clock.advance(1)
  expect(breaker.state).toBe('half_open')
  expect(breaker.tryAcquire()?.probe).toBe(true)
})

test('rejected calls do not make the open time longer', () => {
  const { breaker, clock } = opened({ openMs: 1_000 })

  for (let i = 0; i < 9; i++) {
    clock.advance(100)
    expect(breaker.tryAcquire()).toBeUndefined()
  }
  clock.advance(100)

  expect(breaker.isAvailable()).toBe(true)
})

test('Infinity keeps it open until a reset', () => {
  const { breaker, clock } = opened({ openMs: Number.POSITIVE_INFINITY })

  clock.advance(Number.MAX_VALUE)
  expect(breaker.state).toBe('open')
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')
  expect(thrownBy(() => breaker.acquire())).toMatchObject({ retryAfterMs: undefined })

  breaker.reset()
  expect(breaker.state).toBe('closed')
})

test('a huge duration is not cut', () => {
  const { breaker, clock } = opened({ openMs: Number.MAX_SAFE_INTEGER })

  clock.advance(2 ** 31)
  expect(breaker.state).toBe('open')
  expect(breaker.status().retryAfterMs).toBe(Number.MAX_SAFE_INTEGER - 2 ** 31)

  clock.advance(Number.MAX_SAFE_INTEGER - 2 ** 31)
  expect(breaker.state).toBe('half_open')
})

test('zero lets the very next call probe', () => {
  const { breaker } = opened({ openMs: 0 })

  expect(breaker.state).toBe('half_open')
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')
  expect(breaker.acquire().probe).toBe(true)
})

test('the time left is rounded up to whole milliseconds', () => {
  const { breaker, clock } = opened({ openMs: 10.5 })
  clock.advance(10)

  expect(breaker.status().retryAfterMs).toBe(1)
})

test('each failed probe starts a whole open time', () => {
  const { breaker, clock } = opened({ openMs: 1_000 })
  clock.advance(1_500)
  fail(breaker)

  expect(breaker.status().retryAfterMs).toBe(1_000)
})

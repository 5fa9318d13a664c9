import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, thrownBy } from './drive.ts'

function ticking(): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  return { breaker: new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000 }), clock }
}

test('a trip by hand opens a breaker for its open time', () => {
  const { breaker, clock } = ticking()
  const transitions = hear(breaker, 'transition')

  expect(breaker.trip({ reason: 'alert', actor: 'pager' })).toBe(true)

  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 1_000 })
  expect(transitions).toEqual([
    expect.objectContaining({
      from: 'closed',
      to: 'open',
      trigger: 'forced',
      override: { reason: 'alert', actor: 'pager' },
    }),
  ])
  expect(thrownBy(() => breaker.acquire())).not.toHaveProperty('cause')
  clock.advance(1_000)
  expect(breaker.state).toBe('half_open')
})

test('a trip opens a half-open breaker again, also one that only reads as such', () => {
  const { breaker, clock } = ticking()
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)

  expect(breaker.trip({ reason: 'test' })).toBe(true)
  expect(breaker.status().retryAfterMs).toBe(1_000)

  clock.advance(1_000)
  breaker.acquire()
  expect(breaker.trip({ reason: 'test' })).toBe(true)
  expect(breaker.state).toBe('open')
})

test.for(['open', 'forced_open', 'disabled'] as const)('a trip does nothing to a breaker that is %s', (state) => {
  const { breaker, clock } = ticking()
  if (state === 'open') fail(breaker, 2)
  if (state === 'forced_open') breaker.forceOpen({ reason: 'test' })
  if (state === 'disabled') breaker.disable({ reason: 'test' })
  clock.advance(400)
  const before = breaker.status()

  expect(breaker.trip({ reason: 'test' })).toBe(false)

  expect(breaker.status()).toEqual(before)
})

test('a trip by hand is heard at once', () => {
  const { breaker } = ticking()
  const transitions = hear(breaker, 'transition')

  breaker.trip({ reason: 'drill' })

  expect(transitions).toMatchObject([{ to: 'open', trigger: 'forced', override: { reason: 'drill' } }])
})

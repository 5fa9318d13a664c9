import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

type Arrive = (breaker: CircuitBreaker, clock: ManualClock) => void

function closed(): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000 })
  return { breaker, clock }
}

const states: Record<string, Arrive> = {
  open: (breaker) => fail(breaker, 2),
  half_open: (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(1_000)
    breaker.acquire()
  },
  forced_open: (breaker) => void breaker.forceOpen({ reason: 'test' }),
  disabled: (breaker) => void breaker.disable({ reason: 'test' }),
}

test.for(Object.keys(states))('a reset closes a breaker that is %s', (state) => {
  const { breaker, clock } = closed()
  states[state]?.(breaker, clock)
  const transitions = hear(breaker, 'transition')

  breaker.reset()

  expect(breaker.state).toBe('closed')
  expect(breaker.isAvailable()).toBe(true)
  expect(transitions).toEqual([expect.objectContaining({ from: state, to: 'closed', trigger: 'reset' })])
  expect(breaker.status()).not.toHaveProperty('openedAt')
  expect(breaker.status()).not.toHaveProperty('override')
})

test('a reset of a closed breaker forgets the failures that it has counted', () => {
  const { breaker } = closed()
  fail(breaker)

  breaker.reset()
  fail(breaker)

  expect(breaker.state).toBe('closed')
})

test('a reset keeps the totals and the evidence', () => {
  const { breaker } = closed()
  succeed(breaker)
  fail(breaker, 2)
  breaker.tryAcquire()

  breaker.reset()

  const { totals, rejections, recentFailures } = breaker.status()
  expect(totals).toMatchObject({ success: 1, failure: 2 })
  expect(rejections.open).toBe(1)
  expect(recentFailures).toHaveLength(2)
})

test('a reset does not shorten the next open time', () => {
  const { breaker, clock } = closed()
  fail(breaker, 2)
  clock.advance(900)
  breaker.reset()
  fail(breaker, 2)

  clock.advance(999)
  expect(breaker.state).toBe('open')

  clock.advance(1)
  expect(breaker.state).toBe('half_open')
})

test('a reset after the open time is over makes both transitions', () => {
  const { breaker, clock } = closed()
  fail(breaker, 2)
  clock.advance(1_500)
  const transitions = hear(breaker, 'transition')

  breaker.reset()

  expect(transitions.map(({ to, trigger }) => [to, trigger])).toEqual([
    ['half_open', 'open_elapsed'],
    ['closed', 'reset'],
  ])
})

test('a reset ends an override for good', () => {
  const { breaker, clock } = closed()
  const handle = breaker.forceOpen({ reason: 'test', forMs: 500 })
  breaker.reset()

  clock.advance(500)
  handle[Symbol.dispose]()

  expect(breaker.state).toBe('closed')
})

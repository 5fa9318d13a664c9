import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerConfigError, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

const clock = new ManualClock()

test('five failures in a row open a breaker, four do not', () => {
  const breaker = new CircuitBreaker('payments', { clock })

  fail(breaker, 4)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('a success starts the count again', () => {
  const breaker = new CircuitBreaker('payments', { clock })

  fail(breaker, 4)
  succeed(breaker)
  fail(breaker, 4)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('a success that somebody listens for starts the count again too', () => {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2) })
  hear(breaker, 'success')

  fail(breaker)
  succeed(breaker)
  fail(breaker)

  expect(breaker.state).toBe('closed')
})

test('an ignored call neither counts nor interrupts the row', () => {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2) })

  fail(breaker)
  breaker.acquire().ignore()
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('a threshold of one opens at the first failure', () => {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1) })

  fail(breaker)

  expect(breaker.state).toBe('open')
})

test('calls in flight together are judged in the order in which they end', () => {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2) })
  const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]

  third.failure()
  first.success()
  second.failure()
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('breakers that share a policy count on their own', () => {
  const trip = consecutiveFailures(2)
  const payments = new CircuitBreaker('payments', { clock, trip })
  const search = new CircuitBreaker('search', { clock, trip })

  fail(payments)
  fail(search)

  expect([payments.state, search.state]).toEqual(['closed', 'closed'])
})

test('the failures that opened a breaker are forgotten when it closes', () => {
  const ticking = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock: ticking })
  fail(breaker, 5)
  ticking.advance(300_000)
  succeed(breaker, 3)

  fail(breaker, 4)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('its reading says how many failures there were and how many trip', () => {
  const breaker = new CircuitBreaker('payments', { clock })
  fail(breaker, 3)

  expect(breaker.status().trip).toEqual([{ policy: 'consecutive_failures', threshold: 5, value: 3 }])
})

test.for([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', undefined])(
  'a threshold of %j is refused',
  (threshold) => {
    expect(() => consecutiveFailures(threshold as number)).toThrow(CircuitBreakerConfigError)
  },
)

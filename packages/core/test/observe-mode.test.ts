import { expect, test } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

function observing(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    mode: 'observe',
    trip: consecutiveFailures(2),
    openMs: 1_000,
    halfOpen: { successesToClose: 1, maxConcurrent: 1 },
    ...options,
  })
  return { breaker, clock }
}

test('observe makes every call that would be rejected, and counts it', async () => {
  const { breaker } = observing()
  fail(breaker, 2)

  expect(breaker.state).toBe('open')
  expect(breaker.isAvailable()).toBe(true)
  expect(await breaker.execute(() => 'made')).toBe('made')
  expect(breaker.tryAcquire()).toBeDefined()
  expect(breaker.status()).toMatchObject({ mode: 'observe', wouldReject: { open: 2 }, rejections: { open: 0 } })
})

test('failures of calls that would be rejected push out no evidence of why it opened', () => {
  const { breaker } = observing()
  fail(breaker, 2, new Error('why it opened'))

  fail(breaker, 20, new Error('later'))

  expect(breaker.status()).toMatchObject({ state: 'open', failuresByType: { Error: 22 } })
  expect(breaker.status().recentFailures.map(({ message }) => message)).toEqual(['why it opened', 'why it opened'])
})

test('its rejections are events that say that they were not enforced', () => {
  const { breaker } = observing()
  const rejected = hear(breaker, 'rejected')
  fail(breaker, 2)

  breaker.acquire()

  expect(rejected).toMatchObject([
    { breaker: 'payments', state: 'open', reason: 'open', enforced: false, retryAfterMs: 1_000 },
  ])
})

test('the calls that would be rejected move no state but are in the totals and the events', () => {
  const { breaker, clock } = observing()
  fail(breaker, 2)
  const verdicts = [
    hear(breaker, 'success'),
    hear(breaker, 'failure'),
    hear(breaker, 'ignored'),
    hear(breaker, 'stale'),
  ]
  const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
  clock.advance(10)

  first.success()
  second.failure()
  third.ignore()

  expect(breaker.status()).toMatchObject({
    state: 'open',
    retryAfterMs: 990,
    totals: { success: 1, failure: 3, ignored: 1, stale: 0, active: 0 },
  })
  expect(verdicts.map((events) => events.length)).toEqual([1, 1, 1, 0])
  expect(first.probe).toBe(false)
})

test('a call that would be rejected moves nothing later on either', () => {
  const { breaker, clock } = observing()
  fail(breaker, 2)
  const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
  clock.advance(1_000)
  const probe = breaker.acquire()

  first.success()
  second.failure()
  third.ignore()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 1, successes: 0, failures: 0 } })
  expect(probe.probe).toBe(true)
})

test('a call beyond the probes is made and is no probe', () => {
  const { breaker, clock } = observing()
  fail(breaker, 2)
  clock.advance(1_000)

  expect([breaker.acquire().probe, breaker.acquire().probe]).toEqual([true, false])
  expect(breaker.status()).toMatchObject({ wouldReject: { half_open_full: 1 }, halfOpen: { inFlight: 1 } })
})

test('states follow each other as if enforced', () => {
  const traces = (['enforce', 'observe'] as const).map((mode) => {
    const { breaker, clock } = observing({ mode })
    const transitions = hear(breaker, 'transition')
    fail(breaker, 2)
    breaker.tryAcquire()?.success()
    clock.advance(1_000)
    const probe = breaker.acquire()
    breaker.tryAcquire()?.success()
    probe.failure()
    clock.advance(1_000)
    succeed(breaker)
    breaker.forceOpen({ reason: 'test' })[Symbol.dispose]()
    breaker.acquire()
    clock.advance(1_000)
    breaker.tryAcquire()
    return transitions.map(({ from, to, trigger }) => [from, to, trigger])
  })

  expect(traces[1]).toEqual(traces[0])
  expect(traces[0]).toHaveLength(8)
})

test('observe rejects not even by hand', () => {
  const { breaker } = observing()

  breaker.forceOpen({ reason: 'test' })

  expect(breaker.tryAcquire()).toBeDefined()
  expect(breaker.status()).toMatchObject({ state: 'forced_open', wouldReject: { forced_open: 1 } })
})

test('enforce counts nothing as what it would reject', () => {
  const { breaker } = observing({ mode: 'enforce' })
  fail(breaker, 2)

  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.isAvailable()).toBe(false)
  expect(breaker.status()).toMatchObject({ mode: 'enforce', wouldReject: { open: 0 }, rejections: { open: 1 } })
})

test('observe admits all of a ramp-up and counts what would be rejected', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    mode: 'observe',
    trip: consecutiveFailures(1),
    openMs: 10_000,
    halfOpen: { successesToClose: 1 },
    rampUp: { stepsPercent: [10], stepMs: 1_000 },
  })
  fail(breaker)
  clock.advance(10_000)
  succeed(breaker)

  for (let i = 0; i < 100; i++) expect(breaker.tryAcquire()).toBeDefined()
  expect(breaker.status().wouldReject.ramping).toBe(90)
})

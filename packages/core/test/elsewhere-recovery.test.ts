// Behaviours that other circuit breakers were seen to get wrong, in recovery, as of late 2026. Each comment says which, and what they do.
import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  consecutiveFailures,
  type Permit,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, succeed } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})

function ticking(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000, ...options })
  return { breaker, clock }
}

/** A breaker that is half open, and calls that were admitted before its outage. */
function afterOutage(
  late: number,
  options?: CircuitBreakerOptions,
): { breaker: CircuitBreaker; clock: ManualClock; calls: Permit[] } {
  const { breaker, clock } = ticking(options)
  const calls = Array.from({ length: late }, () => breaker.acquire())
  fail(breaker, 2)
  clock.advance(1_000)
  return { breaker, clock, calls }
}

// resilience4j, opossum, cockatiel, mollitia, failsafe-go, Polly: late successes of the closed state close the breaker.
test('late successes from before the outage do not close a half-open breaker', () => {
  const { breaker, calls } = afterOutage(3)
  breaker.acquire()

  for (const call of calls) call.success()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { successes: 0 } })
})

// The same ones: a late failure opens it again although every probe succeeds.
test('a late failure from before the outage does not open a half-open breaker', () => {
  const { breaker, calls } = afterOutage(3)
  succeed(breaker, 2)

  for (const call of calls) call.failure()
  succeed(breaker)

  expect(breaker.state).toBe('closed')
})

// resilience4j: a permit given back in half-open adds one, whatever it was for: five late ignored errors, eight probes.
// failsafe-go: a late result makes room for one more probe.
test('late results make no room for more probes', () => {
  const { breaker, calls } = afterOutage(5)
  for (let i = 0; i < 3; i++) breaker.acquire()

  for (const call of calls) call.ignore()

  expect(breaker.tryAcquire()).toBeUndefined()
})

// resilience4j: one permission and four reported successes close the breaker.
test('one permit that reports success four times is one success', () => {
  const { breaker } = afterOutage(0)
  const probe = breaker.acquire()

  for (let i = 0; i < 4; i++) probe.success()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { successes: 1 } })
})

// resilience4j (by default), gobreaker, opossum, cockatiel, mollitia, Deno std, effect (in memory): half-open for ever.
test('a breaker whose probes are all lost is not half-open and rejecting a day later', () => {
  const { breaker, clock } = afterOutage(0)
  for (let i = 0; i < 3; i++) breaker.acquire()

  clock.advance(24 * 3_600_000)
  breaker.tryAcquire()
  clock.advance(1_000)

  expect(breaker.tryAcquire()?.probe).toBe(true)
})

// opossum, cockatiel, mollitia, Polly: an abort that is filtered out as no failure is a success, and closes the breaker.
test('a cancelled probe does not close the breaker', async () => {
  const { breaker } = afterOutage(0, { halfOpen: { successesToClose: 1 } })
  const controller = new AbortController()
  const probe = breaker.execute(never, { signal: controller.signal })

  controller.abort()

  await expect(probe).rejects.toThrow()
  expect(breaker.state).toBe('half_open')
})

// undici's proposed interceptor: an aborted probe is never counted out, and half-open never ends.
test('a cancelled probe gives its place back', async () => {
  const { breaker } = afterOutage(0, { halfOpen: { maxConcurrent: 1 } })
  const controller = new AbortController()
  const probe = breaker.execute(never, { signal: controller.signal })
  controller.abort()
  await expect(probe).rejects.toThrow()

  expect(breaker.tryAcquire()?.probe).toBe(true)
})

// cockatiel: a call made inside a probe waits for that probe, which waits for the call.
test('a probe that calls through its own breaker does not wait for itself', async () => {
  const { breaker } = afterOutage(0, { halfOpen: { maxConcurrent: 1 } })

  const outer = breaker.execute(() => breaker.execute(() => 'inner'))

  await expect(outer).rejects.toBeInstanceOf(CircuitOpenError)
})

// cockatiel: the calls beyond the probe queue up without bound, and all run at once after its success.
// alfred: half-open admits every call.
test('half-open lets no herd through, neither at once nor after the first success', async () => {
  const { breaker } = afterOutage(0, { halfOpen: { maxConcurrent: 1, successesToClose: 2 } })
  const work = Promise.withResolvers<void>()
  let calls = 0
  const call = (): Promise<void> =>
    breaker.execute(() => {
      calls++
      return work.promise
    })
  const herd = Array.from({ length: 100 }, call)

  work.resolve()
  const outcomes = await Promise.allSettled(herd)

  expect(calls).toBe(1)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(99)
})

// opossum: the window outlives the recovery, and one failure after it trips again.
test('after a recovery the failures of the outage do not count', () => {
  const { breaker } = afterOutage(0)
  succeed(breaker, 3)

  fail(breaker)

  expect(breaker.state).toBe('closed')
})

// resilience4j: the timer of the first opening survives a reset and ends the second one early.
test('a reset and a new failure give a whole open time', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(700)
  breaker.reset()
  fail(breaker, 2)

  clock.advance(999)

  expect(breaker.state).toBe('open')
})

// cockatiel: reads as open until a call arrives. gobreaker: reading it makes the transition.
test('an open time that is over can be read, and reading does not end it', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  const transitions: string[] = []
  breaker.on('transition', ({ to }) => void transitions.push(to))
  clock.advance(1_000)

  expect(breaker.state).toBe('half_open')
  expect(transitions).toEqual([])
})

// resilience4j: a predicate that throws leaves the caller waiting and the probe's place taken, both for ever.
test('a classify that throws on a probe’s result leaves neither the caller nor the breaker stuck', async () => {
  const { breaker, clock } = afterOutage(0, {
    halfOpen: { maxConcurrent: 1 },
    classify: () => {
      throw new Error('mistake in classify')
    },
  })
  breaker.on('warning', () => {})

  expect(await breaker.execute(() => 'result')).toBe('result')
  clock.advance(1_000)
  expect(breaker.tryAcquire()?.probe).toBe(true)
})

// opossum: the time of the opening is not restored, and a restored open breaker half-opens at once.
test('a breaker that is restored open waits for the rest of its open time', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(400)
  const snapshot = JSON.parse(JSON.stringify(breaker.snapshot())) as ReturnType<CircuitBreaker['snapshot']>

  const restored = new CircuitBreaker('payments', { clock, openMs: 1_000, restore: snapshot })

  expect(restored.status()).toMatchObject({ state: 'open', retryAfterMs: 600 })
})

// Deno std, opossum, mollitia: a breaker that was opened by hand goes half-open by itself.
test('a forced open breaker stays so until somebody ends it', () => {
  const { breaker, clock } = ticking()
  breaker.forceOpen({ reason: 'maintenance' })

  clock.advance(1e9)

  expect(breaker.tryAcquire()).toBeUndefined()
})

// cockatiel: ending an isolation closes the breaker, although it was open before.
test('ending a forced open does not close a breaker that has proved nothing', () => {
  const { breaker } = ticking()
  fail(breaker, 2)
  const forced = breaker.forceOpen({ reason: 'maintenance' })

  forced[Symbol.dispose]()

  expect(breaker.state).toBe('half_open')
})

// opossum: what a breaker counts as a failure of the service includes its own rejections for want of capacity.
test('its own rejections are no failures', async () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  for (let i = 0; i < 10; i++) await breaker.execute(() => Promise.reject(down)).catch(() => {})

  clock.advance(1_000)

  expect(breaker.status()).toMatchObject({ state: 'half_open', totals: { failure: 2 } })
})

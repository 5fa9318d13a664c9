// Behaviours that other circuit breakers were seen to get wrong, in time and numbers, as of late 2026. Each comment says which,
// and what they do.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures, exponentialBackoff, failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, succeed } from './drive.ts'

// resilience4j, Polly, failsafe-go, Sentinel, Hystrix, cockatiel, Deno std, effect: the wall clock ends the open time.
test('a wall clock that is set back an hour does not keep the breaker open', () => {
  let wall = 1_700_000_000_000
  let now = 0
  const clock = { now: () => now, wallNow: () => wall }
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 5_000 })
  fail(breaker)

  wall -= 3_600_000
  now += 5_000

  expect(breaker.acquire().probe).toBe(true)
})

// The same ones: a wall clock that is set forward skips the open time.
test('a wall clock that is set forward does not end the open time', () => {
  let wall = 1_700_000_000_000
  const clock = { now: () => 0, wallNow: () => wall }
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 5_000 })
  fail(breaker)

  wall += 3_600_000

  expect(breaker.tryAcquire()).toBeUndefined()
})

// gobreaker: results of calls that are slower than its interval are dropped, and 200 failures of 200 calls never trip it.
test('calls that are slower than the window still count when they end', () => {
  const clock = new ManualClock()
  const trip = failureRate({ threshold: 0.5, window: { ms: 100, buckets: 10 }, minimumCalls: 10 })
  const breaker = new CircuitBreaker('payments', { clock, trip })
  const calls = Array.from({ length: 200 }, () => breaker.acquire())
  clock.advance(250)

  for (const call of calls) call.failure()

  expect(breaker.state).toBe('open')
})

// cockatiel: a window moves on by one part for each call, however much time has passed: failures of hours ago count.
test('failures of hours ago do not count', () => {
  const clock = new ManualClock()
  const trip = failureRate({ threshold: 0.5, window: { ms: 60_000, buckets: 10 }, minimumCalls: 4 })
  const breaker = new CircuitBreaker('payments', { clock, trip })
  fail(breaker, 3)
  clock.advance(3 * 3_600_000)

  fail(breaker, 3)

  expect(breaker.state).toBe('closed')
})

// resilience4j: -1 stands on the dashboards of everybody who has too few calls.
test('a rate of too few calls is absent, not -1', () => {
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip: failureRate({ minimumCalls: 10 }) })
  fail(breaker)

  expect(breaker.status().trip[0]).not.toHaveProperty('value')
})

// mollitia: a threshold of all calls switches tripping off.
test('a threshold of all calls trips when all calls fail', () => {
  const trip = failureRate({ threshold: 1, window: { calls: 10 }, minimumCalls: 5 })
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip })

  fail(breaker, 5)

  expect(breaker.state).toBe('open')
})

// failsafe-go: rates are rounded to two digits first, so that two of three reach 0.67.
test('a rate is compared as it is', () => {
  const trip = failureRate({ threshold: 0.67, window: { calls: 3 }, minimumCalls: 3 })
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip })

  succeed(breaker)
  fail(breaker, 2)

  expect(breaker.state).toBe('closed')
})

// akka: a growing open time never becomes the longest one, since the step that would pass it is left out.
test('a growing open time reaches its longest', () => {
  const clock = new ManualClock()
  const openMs = exponentialBackoff({ initialMs: 1_000, maxMs: 5_000, factor: 2, jitter: 0 })
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs })
  const waits: unknown[] = []
  for (let i = 0; i < 5; i++) {
    fail(breaker)
    waits.push(breaker.status().retryAfterMs)
    clock.advance(5_000)
  }

  expect(waits).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
})

// opossum, brakes: intervals for each breaker. mollitia: the process lives until the open time is over.
test('an open breaker keeps no process alive', async () => {
  const program = `
    import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
    const breaker = new CircuitBreaker('payments', { trip: consecutiveFailures(1), openMs: 3_600_000 })
    await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {})
    console.log(breaker.state, process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@switchgear/source', '--input-type=module', '--eval', program],
    { cwd: import.meta.dirname },
  )

  expect(stdout).toBe('open 0\n')
})

// opossum: two intervals for each breaker, which cost as much when it is idle.
test('ten thousand breakers set no timer', () => {
  const clock = new ManualClock()
  for (let i = 0; i < 10_000; i++) succeed(new CircuitBreaker(`breaker ${i}`, { clock }))

  expect(clock.timers).toBe(0)
})

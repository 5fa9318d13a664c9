import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreaker, CircuitTimeoutError, consecutiveFailures, systemClock } from '@switchgear/core'
import { fail, hear, succeed } from './drive.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A clock that goes where it is told. */
class LooseClock {
  time: number

  constructor(time = 0) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  wallNow(): number {
    return 1_700_000_000_000
  }
}

function opened(clock: LooseClock): CircuitBreaker {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 1_000 })
  fail(breaker)
  return breaker
}

test('a step back does not make the open time longer', () => {
  const clock = new LooseClock(100_000)
  const breaker = opened(clock)
  clock.time += 400
  expect(breaker.status().retryAfterMs).toBe(600)

  clock.time -= 3_600_000
  expect(breaker.status().retryAfterMs).toBe(600)

  clock.time += 599
  expect(breaker.state).toBe('open')
  clock.time += 1
  expect(breaker.state).toBe('half_open')
})

test('a step forward is time that has passed', () => {
  const clock = new LooseClock()
  const breaker = opened(clock)

  clock.time += 3_600_000

  expect(breaker.acquire().probe).toBe(true)
  succeed(breaker, 3)
  expect(breaker.state).toBe('closed')
})

test('many steps back and forth neither stop time nor run it backwards', () => {
  const clock = new LooseClock(50)
  const breaker = new CircuitBreaker('payments', { clock })
  let last = 0
  for (const step of [100, -200, 30, -1, -1, 7, -10_000, 4]) {
    clock.time += step
    const age = breaker.status().timeInState.closed
    expect(age).toBeGreaterThanOrEqual(last)
    last = age
  }

  expect(last).toBe(100 + 30 + 7 + 4)
})

test('a lease neither ends early nor lasts for ever because the clock went back', () => {
  const clock = new LooseClock(100_000)
  const breaker = opened(clock)
  clock.time += 1_000
  breaker.acquire()

  clock.time -= 90_000
  breaker.acquire()
  expect(breaker.state).toBe('half_open')

  clock.time += 1_000
  breaker.tryAcquire()
  expect(breaker.state).toBe('open')
})

test('a duration is never negative', () => {
  const clock = new LooseClock(5_000)
  const breaker = new CircuitBreaker('payments', { clock })
  const successes = hear(breaker, 'success')
  const permit = breaker.acquire()

  clock.time = 10
  permit.success()

  expect(successes).toEqual([expect.objectContaining({ durationMs: 0 })])
})

test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a reading of %d is left out', (reading) => {
  const clock = new LooseClock(1_000)
  const breaker = opened(clock)
  clock.time = reading
  expect(breaker.status().retryAfterMs).toBe(1_000)
  expect(breaker.tryAcquire()).toBeUndefined()

  clock.time = 1_400
  expect(breaker.status().retryAfterMs).toBe(600)
  clock.time = 2_000
  expect(breaker.state).toBe('half_open')
})

test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a first reading of %d is left out too',
  (reading) => {
    const clock = new LooseClock(reading)
    const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 1_000 })
    clock.time = 10
    fail(breaker)

    const status = breaker.status()
    expect(JSON.parse(JSON.stringify(status))).toStrictEqual(status)
    expect(status.retryAfterMs).toBe(1_000)
    clock.time += 1_000
    expect(breaker.state).toBe('half_open')
  },
)

test('a clock may start anywhere', () => {
  for (const start of [-1e9, -1, 0, 1e15]) {
    const clock = new LooseClock(start)
    const breaker = opened(clock)
    clock.time += 999
    expect(breaker.state).toBe('open')
    clock.time += 1
    expect(breaker.state).toBe('half_open')
  }
})

test('breakers on one clock see one time', () => {
  const clock = new LooseClock(1_000)
  const [first, second] = [opened(clock), opened(clock)]
  clock.time += 500
  first.status()
  clock.time -= 400

  expect(second.status().retryAfterMs).toBe(500)
})

test('the wall clock measures nothing', () => {
  const clock = new LooseClock()
  const wall = vi.spyOn(clock, 'wallNow').mockReturnValue(1_700_000_000_000)
  const breaker = opened(clock)
  wall.mockReturnValue(1_700_000_000_000 + 3_600_000)
  expect(breaker.state).toBe('open')

  wall.mockReturnValue(0)
  clock.time += 1_000
  expect(breaker.state).toBe('half_open')
})

test('a clock without wallNow prints by Date.now', () => {
  vi.spyOn(Date, 'now').mockReturnValue(1_234)
  const breaker = new CircuitBreaker('payments', { clock: { now: () => 0 } })

  expect(breaker.status().since).toBe(1_234)
})

test('the system clock is the platform’s monotonic one', () => {
  const before = performance.now()
  const now = systemClock.now()

  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(performance.now())
})

test('fake timers that come after the breaker move its time, and real ones after them do it no harm', async () => {
  const breaker = new CircuitBreaker('payments', { trip: consecutiveFailures(1), openMs: 3_600_000, timeoutMs: 50 })
  vi.useFakeTimers({ now: 0 })
  const call = breaker.execute(() => new Promise(() => {}))
  const outcome = expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
  await vi.advanceTimersByTimeAsync(50)
  await outcome
  expect(breaker.state).toBe('open')

  await vi.advanceTimersByTimeAsync(3_599_999)
  expect(breaker.state).toBe('open')
  await vi.advanceTimersByTimeAsync(1)
  expect(breaker.state).toBe('half_open')

  vi.useRealTimers()
  breaker.reset()
  expect(breaker.state).toBe('closed')
  expect(await breaker.execute(() => 'result')).toBe('result')
})

import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures, type Permit, type RampUpOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

const options: RampUpOptions = { stepsPercent: [10, 50], stepMs: 1_000, minimumCalls: 4, maxFailureRate: 0.5 }

/** A breaker whose probes have succeeded, and whose ramp-up begins. */
function ramping(rampUp: RampUpOptions = options): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: 10_000,
    halfOpen: { successesToClose: 2 },
    rampUp,
  })
  fail(breaker)
  clock.advance(10_000)
  succeed(breaker, 2)
  return { breaker, clock }
}

/** The permits that so many calls get. */
function ask(breaker: CircuitBreaker, calls: number): Permit[] {
  return Array.from({ length: calls }, () => breaker.tryAcquire() ?? []).flat()
}

/** Calls of which so many are admitted and end like this. */
function admitted(breaker: CircuitBreaker, count: number, end: 'success' | 'failure'): void {
  for (let i = 0; i < count; i++) {
    let permit: Permit | undefined
    // The next one of the share comes after nine others at most.
    for (let calls = 0; calls < 10 && permit === undefined; calls++) permit = breaker.tryAcquire()
    permit?.[end]()
  }
}

test('without it the breaker closes when its probes have succeeded', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 10_000 })
  fail(breaker)
  clock.advance(10_000)

  succeed(breaker, 3)

  expect(breaker.state).toBe('closed')
})

test('after the probes it stays half-open and admits the share of its first step', () => {
  const { breaker } = ramping()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { rampPercent: 10 } })
  expect(ask(breaker, 100)).toHaveLength(10)
})

test('the first call of a step is admitted, and then every tenth', () => {
  const { breaker } = ramping()

  const answers = Array.from({ length: 21 }, () => breaker.tryAcquire() !== undefined)

  expect(answers.flatMap((isAdmitted, i) => (isAdmitted ? i : []))).toEqual([0, 10, 20])
})

test('it is not bound by the number of probes at once', () => {
  const { breaker } = ramping({ ...options, stepsPercent: [99] })

  expect(ask(breaker, 100)).toHaveLength(99)
})

test('rejections say that it is ramping, and not when to come back', () => {
  const { breaker } = ramping()
  const rejected = hear(breaker, 'rejected')
  breaker.acquire()

  const error = thrownBy(() => breaker.acquire())

  expect(error).toMatchObject({ reason: 'ramping', state: 'half_open', retryAfterMs: undefined })
  expect(rejected).toEqual([expect.objectContaining({ reason: 'ramping' })])
  expect(breaker.status()).toMatchObject({ rejections: { ramping: 1, half_open_full: 0 } })
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')
})

test('isAvailable says whether the next call is one of the share', () => {
  const { breaker } = ramping()
  for (let i = 0; i < 30; i++) {
    const isAvailable = breaker.isAvailable()
    expect(breaker.tryAcquire() !== undefined).toBe(isAvailable)
  }
})

test('a step that is good for its time, on enough calls, gives way to the next one', () => {
  const { breaker, clock } = ramping()
  admitted(breaker, 3, 'success')
  clock.advance(1_000)
  expect(breaker.status().halfOpen).toMatchObject({ rampPercent: 10, successes: 3 })

  admitted(breaker, 1, 'success')

  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 0, failures: 0, rampPercent: 50 })
  expect(ask(breaker, 100)).toHaveLength(50)
})

test('the status tells a step’s successes and failures apart', () => {
  const { breaker } = ramping()

  admitted(breaker, 2, 'success')
  admitted(breaker, 1, 'failure')

  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 2, failures: 1, rampPercent: 10 })
})

test('a step does not end before its time, however many calls succeed', () => {
  const { breaker, clock } = ramping()
  clock.advance(999)
  admitted(breaker, 50, 'success')
  expect(breaker.status().halfOpen.rampPercent).toBe(10)

  clock.advance(1)
  admitted(breaker, 1, 'success')
  expect(breaker.status().halfOpen.rampPercent).toBe(50)
})

test('after the last step it closes', () => {
  const { breaker, clock } = ramping()
  const transitions = hear(breaker, 'transition')
  clock.advance(1_000)
  admitted(breaker, 4, 'success')
  clock.advance(1_000)
  admitted(breaker, 4, 'success')

  expect(breaker.state).toBe('closed')
  expect(transitions).toEqual([
    expect.objectContaining({ from: 'half_open', to: 'closed', trigger: 'probes_succeeded', dwellMs: 2_000 }),
  ])
})

test('a bad step goes back to the one before it', () => {
  const { breaker, clock } = ramping()
  clock.advance(1_000)
  admitted(breaker, 4, 'success')
  clock.advance(10)

  admitted(breaker, 2, 'success')
  admitted(breaker, 1, 'failure')
  expect(breaker.status().halfOpen.rampPercent).toBe(50)
  admitted(breaker, 1, 'failure')

  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 0, failures: 0, rampPercent: 10 })
})

test('a bad first step goes back to probes, which can open the breaker', () => {
  const { breaker, clock } = ramping()
  clock.advance(10)
  admitted(breaker, 4, 'failure')

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { successes: 0, failures: 0 } })
  expect(breaker.status().halfOpen).not.toHaveProperty('rampPercent')
  expect(ask(breaker, 100)).toHaveLength(3)

  const { breaker: other, clock: ticking } = ramping()
  ticking.advance(10)
  admitted(other, 4, 'failure')
  fail(other)
  expect(other.state).toBe('open')
})

test('failures are tolerated below the rate, and below the number of calls that it takes', () => {
  const { breaker } = ramping()

  admitted(breaker, 3, 'failure')
  expect(breaker.status().halfOpen).toMatchObject({ rampPercent: 10, failures: 3 })

  const { breaker: other, clock } = ramping()
  clock.advance(1_000)
  admitted(other, 3, 'success')
  admitted(other, 1, 'failure')
  expect(other.status().halfOpen.rampPercent).toBe(50)
})

test('a step is judged by its own calls: those of the one before it move nothing', () => {
  const { breaker, clock } = ramping()
  const slow = ask(breaker, 40)
  clock.advance(1_000)
  admitted(breaker, 4, 'success')
  expect(breaker.status().halfOpen.rampPercent).toBe(50)

  for (const permit of slow) permit.failure()

  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 0, failures: 0, rampPercent: 50 })
  expect(breaker.status().totals).toMatchObject({ failure: 5, active: 0 })
})

test('the same holds for steps that follow each other in one moment', () => {
  const { breaker } = ramping({ ...options, stepMs: 0, minimumCalls: 1 })
  const [slow] = ask(breaker, 10)
  admitted(breaker, 1, 'success')
  expect(breaker.status().halfOpen.rampPercent).toBe(50)

  slow?.failure()

  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 0, failures: 0, rampPercent: 50 })
})

test('a call of an earlier step holds no place and has no lease', () => {
  const { breaker, clock } = ramping()
  const [slow] = ask(breaker, 10)
  clock.advance(1_000)
  admitted(breaker, 4, 'success')
  expect(breaker.status().halfOpen).toEqual({ inFlight: 0, successes: 0, failures: 0, rampPercent: 50 })

  clock.advance(10_000)
  succeed(breaker)
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 1 })
  slow?.success()
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
})

test('isAvailable knows that a lost call of a step opens nothing by itself', () => {
  const { breaker, clock } = ramping()
  expect(ask(breaker, 10)).toHaveLength(1)
  clock.advance(10_000)

  expect(breaker.isAvailable()).toBe(true)
  expect(breaker.tryAcquire()).toBeDefined()
})

test('a call that outlives its lease is a failure of its step', () => {
  const { breaker, clock } = ramping()
  const lost = ask(breaker, 40)
  expect(lost).toHaveLength(4)
  clock.advance(10_000)

  breaker.tryAcquire()

  expect(breaker.status().halfOpen).not.toHaveProperty('rampPercent')
  expect(breaker.status().totals.failure).toBe(5)
})

test('its calls are probes, in their events and for the function', async () => {
  const { breaker } = ramping()

  expect(await breaker.execute(({ probe }) => probe)).toBe(true)
})

test('a reset and an override end it', () => {
  const { breaker } = ramping()
  breaker.reset()
  expect(breaker.status().halfOpen).not.toHaveProperty('rampPercent')
  expect(ask(breaker, 100)).toHaveLength(100)

  const { breaker: other } = ramping()
  other.forceOpen({ reason: 'test' })[Symbol.dispose]()
  expect(other.status().halfOpen).not.toHaveProperty('rampPercent')
  expect(ask(other, 100)).toHaveLength(3)
})

test('by default three steps of a tenth, a quarter and a half', () => {
  const { breaker, clock } = ramping({ stepMs: 100 })
  const seen: unknown[] = []
  for (let i = 0; i < 10 && breaker.state !== 'closed'; i++) {
    seen.push(breaker.status().halfOpen.rampPercent)
    clock.advance(100)
    admitted(breaker, 5, 'success')
  }

  expect(seen).toEqual([10, 25, 50])
})

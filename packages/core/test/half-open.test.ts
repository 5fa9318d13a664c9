import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitOpenError, consecutiveFailures, type HalfOpenOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

/** A breaker whose open time is just over. */
function halfOpen(options: HalfOpenOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: 1_000,
    halfOpen: options,
  })
  fail(breaker)
  clock.advance(1_000)
  return { breaker, clock }
}

test('the first call after the open time is a probe, and makes the transition', () => {
  const { breaker } = halfOpen()
  const transitions = hear(breaker, 'transition')

  const permit = breaker.acquire()

  expect(permit.probe).toBe(true)
  expect(transitions).toEqual([expect.objectContaining({ from: 'open', to: 'half_open', trigger: 'open_elapsed' })])
})

test('a call knows that it is a probe', async () => {
  const { breaker } = halfOpen({ successesToClose: 1 })

  expect(await breaker.execute(({ probe }) => probe)).toBe(true)
  expect(await breaker.execute(({ probe }) => probe)).toBe(false)
})

test('admits exactly three probes at once', () => {
  const { breaker } = halfOpen()

  expect([breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()]).not.toContain(undefined)
  expect(breaker.tryAcquire()).toBeUndefined()
})

test.for([1, 2, 7])('admits exactly %i probes at once when told so', (maxConcurrent) => {
  const { breaker } = halfOpen({ maxConcurrent })

  for (let i = 0; i < maxConcurrent; i++) expect(breaker.tryAcquire()?.probe).toBe(true)

  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.status().halfOpen.inFlight).toBe(maxConcurrent)
})

test('the call too many is rejected at once with half_open_full, not queued', async () => {
  const { breaker } = halfOpen({ maxConcurrent: 1 })
  const probe = breaker.acquire()
  let wasCalled = false

  const rejected = breaker.execute(() => {
    wasCalled = true
  })

  await expect(rejected).rejects.toMatchObject({ reason: 'half_open_full', state: 'half_open', retryAfterMs: 1_000 })
  probe.success()
  expect(wasCalled).toBe(false)
})

test('a call made inside a probe is rejected and does not wait for the probe', async () => {
  const { breaker } = halfOpen({ maxConcurrent: 1, successesToClose: 1 })

  const inner = await breaker.execute(() => breaker.execute(() => 'inner').catch((error: unknown) => error))

  expect(inner).toBeInstanceOf(CircuitOpenError)
  expect(breaker.state).toBe('closed')
})

test('a probe that ends gives its place to the next call', () => {
  const { breaker } = halfOpen({ maxConcurrent: 1 })

  breaker.acquire().success()

  expect(breaker.acquire().probe).toBe(true)
})

test('an ignored probe gives its place back and decides nothing', () => {
  const { breaker } = halfOpen({ maxConcurrent: 1, successesToClose: 1 })

  breaker.acquire().ignore()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 0, successes: 0, failures: 0 } })
  expect(breaker.acquire().probe).toBe(true)
})

test('three successes close it, two do not', () => {
  const { breaker } = halfOpen()

  succeed(breaker, 2)
  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { successes: 2 } })

  succeed(breaker)
  expect(breaker.state).toBe('closed')
})

test('one failure opens it again', () => {
  const { breaker } = halfOpen()
  const transitions = hear(breaker, 'transition')

  succeed(breaker, 2)
  fail(breaker)

  expect(breaker.state).toBe('open')
  expect(transitions.at(-1)).toMatchObject({ from: 'half_open', to: 'open', trigger: 'probe_failed' })
})

test('as many failures as failuresToOpen open it again, one fewer does not', () => {
  const { breaker } = halfOpen({ failuresToOpen: 3 })

  fail(breaker, 2)
  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { failures: 2 } })

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('successes need not come in a row when failures are tolerated', () => {
  const { breaker } = halfOpen({ failuresToOpen: 2 })

  succeed(breaker)
  fail(breaker)
  succeed(breaker, 2)

  expect(breaker.state).toBe('closed')
})

test('closing names its trigger', () => {
  const { breaker } = halfOpen({ successesToClose: 1 })
  const transitions = hear(breaker, 'transition')

  succeed(breaker)

  expect(transitions.at(-1)).toMatchObject({ from: 'half_open', to: 'closed', trigger: 'probes_succeeded' })
})

test('each half-open phase starts its counts anew', () => {
  const { breaker, clock } = halfOpen({ failuresToOpen: 2 })
  succeed(breaker, 2)
  fail(breaker, 2)
  clock.advance(1_000)

  succeed(breaker, 2)
  fail(breaker)

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { successes: 2, failures: 1 } })
})

test('probes of an earlier phase hold no place in the next one', () => {
  const { breaker, clock } = halfOpen()
  breaker.acquire()
  breaker.acquire()
  fail(breaker)
  clock.advance(1_000)

  expect([breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()]).not.toContain(undefined)
})

test('failures in half-open are not counted by the trip policy', () => {
  const { breaker } = halfOpen({ failuresToOpen: 10 })

  fail(breaker, 3)

  expect(breaker.status().trip).toEqual([expect.objectContaining({ value: 0 })])
})

test('Infinity means any number', () => {
  const unlimited = halfOpen({ maxConcurrent: Number.POSITIVE_INFINITY }).breaker
  for (let i = 0; i < 1_000; i++) expect(unlimited.acquire().probe).toBe(true)

  const patient = halfOpen({ failuresToOpen: Number.POSITIVE_INFINITY }).breaker
  fail(patient, 1_000)
  expect(patient.state).toBe('half_open')

  const strict = halfOpen({ successesToClose: Number.POSITIVE_INFINITY }).breaker
  succeed(strict, 1_000)
  expect(strict.state).toBe('half_open')
})

test('isAvailable says whether there is a place, and takes none', () => {
  const { breaker } = halfOpen({ maxConcurrent: 1 })
  const transitions = hear(breaker, 'transition')

  expect([breaker.isAvailable(), breaker.isAvailable()]).toEqual([true, true])
  expect(transitions).toEqual([])

  const probe = breaker.acquire()
  expect(breaker.isAvailable()).toBe(false)

  probe.ignore()
  expect(breaker.isAvailable()).toBe(true)
})

test('when all places are taken the error says when the oldest lease ends', () => {
  const { breaker, clock } = halfOpen({ maxConcurrent: 2, probeTimeoutMs: 800 })
  breaker.acquire()
  clock.advance(300)
  breaker.acquire()

  expect(thrownBy(() => breaker.acquire())).toMatchObject({ reason: 'half_open_full', retryAfterMs: 500 })
  expect(breaker.status().retryAfterMs).toBe(500)
})

test('while there is a place there is nothing to wait for', () => {
  const { breaker } = halfOpen()
  breaker.acquire()

  expect(breaker.status()).not.toHaveProperty('retryAfterMs')
})

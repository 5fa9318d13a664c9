import { expect, test } from 'vitest'
import { CircuitTimeoutError } from '@switchgear/core'
import { hear } from './drive.ts'
import { halfOpen } from './half-open-breaker.ts'

test('a probe may hold its place for thirty seconds, then it has failed', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { maxConcurrent: 1 } })
  breaker.acquire()

  clock.advance(29_999)
  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.state).toBe('half_open')

  clock.advance(1)
  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.state).toBe('open')
})

test('the lease is no longer than the open time', () => {
  const { breaker, clock } = halfOpen({ openMs: 1_000 })
  breaker.acquire()

  clock.advance(1_000)
  breaker.tryAcquire()

  expect(breaker.state).toBe('open')
})

test('the failure of a lost probe names its trigger and gives a timeout error as evidence', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500 } })
  const transitions = hear(breaker, 'transition')
  const failures = hear(breaker, 'failure')
  breaker.acquire()
  clock.advance(500)

  breaker.tryAcquire()

  const error = failures.at(-1)?.error
  expect(error).toBeInstanceOf(CircuitTimeoutError)
  expect(error).toMatchObject({ breakerName: 'payments', timeoutMs: 500 })
  expect(String(error)).toMatch(/probe through circuit breaker "payments" gave no result within 500 ms$/)
  expect(failures).toEqual([{ breaker: 'payments', durationMs: 500, probe: true, error }])
  expect(transitions.at(-1)).toMatchObject({ from: 'half_open', to: 'open', trigger: 'probe_timeout', error })
  expect(breaker.status().recentFailures.at(-1)).toMatchObject({ type: 'CircuitTimeoutError', durationMs: 500 })
})

test('where failures are tolerated, the call that finds the place free is a probe', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { maxConcurrent: 1, failuresToOpen: 2, probeTimeoutMs: 500 } })
  breaker.acquire()
  clock.advance(500)

  expect(breaker.tryAcquire()?.probe).toBe(true)
  expect(breaker.status().halfOpen).toMatchObject({ inFlight: 1, failures: 1 })
})

test('only the probes whose lease is over give their places back', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { maxConcurrent: 2, failuresToOpen: 9, probeTimeoutMs: 500 } })
  breaker.acquire()
  clock.advance(300)
  breaker.acquire()
  clock.advance(200)

  expect(breaker.tryAcquire()?.probe).toBe(true)
  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.status().halfOpen).toMatchObject({ inFlight: 2, failures: 1 })
})

test('a result that comes after the lease is a failure, and the caller still gets it', async () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500, successesToClose: 1 } })
  const work = Promise.withResolvers<string>()
  const call = breaker.execute(() => work.promise)
  clock.advance(500)
  work.resolve('late')

  expect(await call).toBe('late')
  expect(breaker.state).toBe('open')
  expect(breaker.status().totals).toMatchObject({ success: 0, failure: 2 })
})

test('an abort after the lease comes too late to be ignored', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500 } })
  const probe = breaker.acquire()
  clock.advance(500)

  probe.ignore()

  expect(breaker.state).toBe('open')
})

test('a result just before the end of the lease counts as what it is', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500, successesToClose: 1 } })
  const probe = breaker.acquire()
  clock.advance(499)

  probe.success()

  expect(breaker.state).toBe('closed')
})

test('a probe that was given up counts once, whatever it does later', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500, failuresToOpen: 9, successesToClose: 2 } })
  const lost = breaker.acquire()
  clock.advance(500)
  const next = breaker.acquire()

  lost.success()
  next.success()

  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 0, successes: 1, failures: 1 } })
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 2, ignored: 0, stale: 0, active: 0 })
})

test('a lost probe has failed before a later success of another one is counted', () => {
  const { breaker, clock } = halfOpen({ halfOpen: { probeTimeoutMs: 500, successesToClose: 1 } })
  breaker.acquire()
  clock.advance(300)
  const other = breaker.acquire()
  clock.advance(200)

  other.success()

  expect(breaker.state).toBe('open')
})

test('a lease needs no timer', () => {
  const { breaker, clock } = halfOpen()

  breaker.acquire()

  expect(clock.timers).toBe(0)
})

test('a lease of Infinity never ends', () => {
  const { breaker, clock } = halfOpen({
    openMs: Number.POSITIVE_INFINITY,
    halfOpen: { maxConcurrent: 1, probeTimeoutMs: Number.POSITIVE_INFINITY },
  })
  breaker.forceOpen({ reason: 'test' })[Symbol.dispose]()
  const probe = breaker.acquire()
  clock.advance(1e15)

  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')

  probe.success()
  expect(breaker.status().halfOpen.successes).toBe(1)
})

test('isAvailable reckons with leases that are over, without ending them', () => {
  const tolerant = halfOpen({ halfOpen: { maxConcurrent: 1, failuresToOpen: 2, probeTimeoutMs: 500 } })
  tolerant.breaker.acquire()
  tolerant.clock.advance(500)
  expect(tolerant.breaker.isAvailable()).toBe(true)
  expect(tolerant.breaker.status().halfOpen.failures).toBe(0)

  const strict = halfOpen({ halfOpen: { probeTimeoutMs: 500 } })
  strict.breaker.acquire()
  strict.clock.advance(500)
  expect(strict.breaker.isAvailable()).toBe(false)
  expect(strict.breaker.state).toBe('half_open')
})

test('isAvailable says what a call would find when an open time of zero follows a lost probe', () => {
  const { breaker, clock } = halfOpen({ openMs: 0, halfOpen: { maxConcurrent: 1, probeTimeoutMs: 500 } })
  breaker.acquire()
  clock.advance(500)

  const wasAvailable = breaker.isAvailable()

  expect(breaker.tryAcquire() !== undefined).toBe(wasAvailable)
})

// Behaviours that other circuit breakers were seen to get wrong, in calls, as of late 2026. Each comment says which, and what they do.
import { getEventListeners } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitTimeoutError,
  consecutiveFailures,
  isCircuitOpenError,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, succeed, thrownBy } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})
const throwing = (): never => {
  throw new Error('mistake in a listener')
}

afterEach(() => vi.restoreAllMocks())

function ticking(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), ...options })
  return { breaker, clock }
}

// opossum: a listener that throws leaves the call unsettled and ends the process.
// cockatiel: the listener's error replaces the result, and a success counts as a failure.
test('a listener that throws replaces no result and makes no failure of a success', async () => {
  const { breaker } = ticking()
  hear(breaker, 'warning')
  breaker.on('success', throwing)
  breaker.on('failure', throwing)

  expect(await breaker.execute(() => 'result')).toBe('result')
  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 1 })
})

// opossum: a listener for the call's start that throws makes the call throw synchronously.
test('a listener that throws as the call is rejected makes no exception of its rejection', async () => {
  const { breaker } = ticking()
  hear(breaker, 'warning')
  breaker.on('rejected', throwing)
  fail(breaker, 2)

  const call = breaker.execute(never)

  await expect(call).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
})

// resilience4j: a listener that throws silently stops those after it.
test('a listener that throws keeps no other from hearing', () => {
  const { breaker } = ticking()
  hear(breaker, 'warning')
  breaker.on('success', throwing)
  const heard = hear(breaker, 'success')

  succeed(breaker)

  expect(heard).toHaveLength(1)
})

// Deno std: throws the listener's error again in a microtask, which ends a Node process.
test('a listener that throws causes no uncaught exception', async () => {
  const { breaker } = ticking()
  const uncaught = vi.fn()
  process.on('uncaughtException', uncaught)
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  breaker.on('transition', throwing)

  fail(breaker, 2)
  // Uncaught errors of microtasks are reported before the loop turns.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('uncaughtException', uncaught)

  expect(uncaught).not.toHaveBeenCalled()
})

// gobreaker: reading the counts inside the listener deadlocks.
test('a listener may read the breaker that it hears of', () => {
  const { breaker } = ticking()
  const seen: unknown[] = []
  breaker.on('transition', () => void seen.push(breaker.status().state, breaker.isAvailable()))

  fail(breaker, 2)

  expect(seen).toEqual(['open', false])
})

// opossum, cockatiel, mollitia, Deno std, alfred: the caller's abort counts as a failure of the service.
test('callers that leave do not open the breaker', async () => {
  const { breaker } = ticking()
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController()
    const call = breaker.execute(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      { signal: controller.signal },
    )
    controller.abort()
    await expect(call).rejects.toThrow()
  }

  expect(breaker.status()).toMatchObject({ state: 'closed', totals: { ignored: 10, failure: 0 } })
})

// Gateways that look at the error's shape: a string given as the reason is taken for a failure.
test('an abort with a string as its reason is an abort', async () => {
  const { breaker } = ticking({ trip: consecutiveFailures(1) })
  const controller = new AbortController()
  const call = breaker.execute(never, { signal: controller.signal })

  controller.abort('client disconnected')

  await expect(call).rejects.toBe('client disconnected')
  expect(breaker.state).toBe('closed')
})

// pybreaker: an error that is excluded starts the count of failures again.
test('an ignored error does not hide the failures around it', async () => {
  const { breaker } = ticking({ classify: ({ error }) => (error === down ? 'failure' : 'ignored') })

  fail(breaker)
  await breaker.execute(() => Promise.reject(new Error('not found'))).catch(() => {})
  fail(breaker)

  expect(breaker.state).toBe('open')
})

// cockatiel: a signal that is aborted already does not keep the function from being called.
test('a call whose signal is aborted already is not made', async () => {
  const { breaker } = ticking()
  const fn = vi.fn()

  await expect(breaker.execute(fn, { signal: AbortSignal.abort('left') })).rejects.toBe('left')
  expect(fn).not.toHaveBeenCalled()
})

// cockatiel: the reason of the abort is replaced by that of the time limit.
test('a time limit does not hide the reason of an abort', async () => {
  const { breaker } = ticking({ timeoutMs: 100 })
  const controller = new AbortController()
  const call = breaker.execute(never, { signal: controller.signal })

  controller.abort('left')

  await expect(call).rejects.toBe('left')
})

// cockatiel: listeners pile up on a signal that outlives its calls.
test('a signal that outlives its calls keeps none of their listeners', async () => {
  const { breaker } = ticking({ timeoutMs: 100 })
  const { signal } = new AbortController()

  for (let i = 0; i < 20; i++) await breaker.execute(() => i, { signal })

  expect(getEventListeners(signal, 'abort')).toEqual([])
})

// opossum: one AbortController for all calls: the first time limit aborts every call in flight, and each one after it.
test('the time limit of one call aborts no other, neither in flight nor to come', async () => {
  const { breaker, clock } = ticking({ timeoutMs: 100, trip: consecutiveFailures(9) })
  const signals: AbortSignal[] = []
  const call = (): Promise<unknown> =>
    breaker.execute(({ signal }) => {
      signals.push(signal)
      return never()
    })
  const first = call()
  clock.advance(60)
  void call()
  clock.advance(40)
  void call()

  await expect(first).rejects.toBeInstanceOf(CircuitTimeoutError)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false])
})

// opossum: a function that gives undefined is a TypeError, counted as a failure. mollitia: one that throws is not counted.
test('plain functions are calls like others', async () => {
  const { breaker } = ticking()

  expect(await breaker.execute(() => undefined)).toBeUndefined()
  await expect(
    breaker.execute(() => {
      throw down
    }),
  ).rejects.toBe(down)
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 1 })
})

// brakes: writes into the message of the error; a frozen one becomes a TypeError.
test('a frozen error comes back as it is', async () => {
  const error = Object.freeze(new Error('frozen'))

  await expect(ticking().breaker.execute(() => Promise.reject(error))).rejects.toBe(error)
})

// opossum: asking whether undefined is its error throws.
test('anything may be asked about', () => {
  expect(isCircuitOpenError(undefined)).toBe(false)
})

// Polly had to learn it: a cached exception grows its stack trace with each throw.
test('each rejection is an error of its own', () => {
  const { breaker } = ticking()
  fail(breaker, 2)

  expect(thrownBy(() => breaker.acquire())).not.toBe(thrownBy(() => breaker.acquire()))
})

// resilience4j: rejections while forced open are counted in the breaker but published nowhere.
test('rejections by hand are events and numbers like others', () => {
  const { breaker } = ticking()
  const rejected = hear(breaker, 'rejected')
  breaker.forceOpen({ reason: 'maintenance' })

  breaker.tryAcquire()
  breaker.tryAcquire()

  expect(rejected).toHaveLength(2)
  expect(breaker.status().rejections.forced_open).toBe(2)
})

// opossum: defaults are written into the options, and two breakers made from one object share their caches.
test('breakers that are made from one options object share nothing', async () => {
  const options: CircuitBreakerOptions = { clock: new ManualClock(), trip: consecutiveFailures(1), timeoutMs: 100 }
  const [payments, search] = [new CircuitBreaker('payments', options), new CircuitBreaker('search', options)]

  fail(payments)

  expect(await search.execute(() => 'search')).toBe('search')
  expect(Object.keys(options)).toEqual(['clock', 'trip', 'timeoutMs'])
})

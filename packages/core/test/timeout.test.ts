import { expect, test, vi } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitTimeoutError, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})

function limited(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100, trip: consecutiveFailures(100), ...options })
  return { breaker, clock }
}

/** What a call rejects with, as soon as it does. */
function ending(call: Promise<unknown>, clock: ManualClock): { error?: unknown; at?: number } {
  const seen: { error?: unknown; at?: number } = {}
  call.catch((error: unknown) => Object.assign(seen, { error, at: clock.now() }))
  return seen
}

/** Lets promises that have settled tell so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a call that takes too long fails with a timeout error that names the breaker and the limit', async () => {
  const { breaker, clock } = limited()
  const call = breaker.execute(never)

  clock.advance(100)

  const error: unknown = await call.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CircuitTimeoutError)
  expect(error).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT', breakerName: 'payments', timeoutMs: 100 })
  expect(String(error)).toBe(
    'CircuitTimeoutError: call through circuit breaker "payments" gave no result within 100 ms',
  )
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
})

test('a call that ends in time is not touched', async () => {
  const { breaker, clock } = limited()
  const work = Promise.withResolvers<string>()
  const call = breaker.execute(() => work.promise)
  clock.advance(98)
  work.resolve('in time')

  expect(await call).toBe('in time')
  clock.advance(1_000)
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 0 })
})

test('timeouts open the breaker', async () => {
  const { breaker, clock } = limited({ trip: consecutiveFailures(1) })
  const transitions = hear(breaker, 'transition')
  const call = breaker.execute(never)

  clock.advance(100)

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
  expect(breaker.state).toBe('open')
  expect(transitions).toEqual([expect.objectContaining({ error: expect.any(CircuitTimeoutError) as unknown })])
})

test('the signal of the call aborts with the timeout error', async () => {
  const { breaker, clock } = limited()
  let signal: AbortSignal | undefined
  const call = breaker.execute((context) => {
    signal = context.signal
    return never()
  })
  expect(signal?.aborted).toBe(false)

  clock.advance(100)

  const error: unknown = await call.catch((thrown: unknown) => thrown)
  expect(signal?.aborted).toBe(true)
  expect(signal?.reason).toBe(error)
})

test('a signal that is asked for after the time is over is aborted already', async () => {
  const { breaker, clock } = limited()
  let context: { readonly signal: AbortSignal } | undefined
  const call = breaker.execute((given) => {
    context = given
    return never()
  })
  clock.advance(100)

  const error: unknown = await call.catch((thrown: unknown) => thrown)

  expect(context?.signal.aborted).toBe(true)
  expect(context?.signal.reason).toBe(error)
})

test('a result that comes after the time is over changes nothing', async () => {
  const { breaker, clock } = limited()
  const work = Promise.withResolvers<string>()
  const call = ending(
    breaker.execute(() => work.promise),
    clock,
  )
  clock.advance(100)
  await settle()
  const before = breaker.status()

  work.resolve('late')
  await settle()

  expect(call.error).toBeInstanceOf(CircuitTimeoutError)
  expect(breaker.status()).toEqual(before)
})

test('a rejection that comes after the time is over is not an unhandled one', async () => {
  const { breaker, clock } = limited()
  const unhandled = vi.fn<(error: unknown) => void>()
  process.on('unhandledRejection', unhandled)
  const work = Promise.withResolvers<string>()
  const call = ending(
    breaker.execute(() => work.promise),
    clock,
  )
  clock.advance(100)
  await settle()
  const before = breaker.status()

  work.reject(down)
  await settle()
  process.off('unhandledRejection', unhandled)

  expect(call.error).toBeInstanceOf(CircuitTimeoutError)
  expect(unhandled).not.toHaveBeenCalled()
  expect(breaker.status()).toEqual(before)
})

test('of an abort and a time limit in one turn the first one ends the call', async () => {
  for (const isAbortFirst of [true, false]) {
    const { breaker, clock } = limited()
    const controller = new AbortController()
    const call = breaker.execute(never, { signal: controller.signal })

    if (isAbortFirst) controller.abort('left')
    clock.advance(100)
    if (!isAbortFirst) controller.abort('left')

    const error: unknown = await call.catch((thrown: unknown) => thrown)
    expect(error instanceof CircuitTimeoutError ? 'timeout' : error).toBe(isAbortFirst ? 'left' : 'timeout')
    expect(breaker.status().totals).toMatchObject({ ignored: isAbortFirst ? 1 : 0, failure: isAbortFirst ? 0 : 1 })
  }
})

test('a timed-out probe has failed', async () => {
  const { breaker, clock } = limited({ openMs: 1_000, halfOpen: { probeTimeoutMs: 500 } })
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  const transitions = hear(breaker, 'transition')
  const call = ending(breaker.execute(never), clock)

  clock.advance(100)
  await settle()

  expect(call.error).toMatchObject({ timeoutMs: 100 })
  expect(transitions.at(-1)).toMatchObject({ to: 'open', trigger: 'probe_failed' })
})

test('a call that times out after its state has ended is a late one', async () => {
  const { breaker, clock } = limited()
  const call = ending(breaker.execute(never), clock)
  breaker.trip({ reason: 'test' })
  breaker.reset()

  clock.advance(100)
  await settle()

  expect(call.error).toBeInstanceOf(CircuitTimeoutError)
  expect(breaker.status()).toMatchObject({ state: 'closed', totals: { failure: 1, stale: 1 } })
})

test('a limit of zero is over before the loop turns', async () => {
  const { breaker, clock } = limited({ timeoutMs: 0 })
  const call = ending(breaker.execute(never), clock)

  clock.advance(0)
  await settle()

  expect(call).toMatchObject({ at: 0, error: { timeoutMs: 0 } })
})

test('a limit of Infinity sets no timer', async () => {
  const { breaker, clock } = limited({
    timeoutMs: Number.POSITIVE_INFINITY,
    openMs: Number.POSITIVE_INFINITY,
    halfOpen: { probeTimeoutMs: Number.POSITIVE_INFINITY },
  })
  const call = breaker.execute(async () => 'result')

  expect(clock.timers).toBe(0)
  expect(await call).toBe('result')
})

test('a limit that is longer than the platform can wait for holds all the same', async () => {
  const { breaker, clock } = limited({ timeoutMs: 2 ** 32, openMs: 2 ** 33, halfOpen: { probeTimeoutMs: 2 ** 33 } })
  const call = ending(breaker.execute(never), clock)

  clock.advance(2 ** 32 - 2)
  await settle()
  expect(call.at).toBeUndefined()

  clock.advance(2)
  await settle()
  expect(call.at).toBe(2 ** 32)
})

test('all calls of a breaker share one timer', () => {
  const { breaker, clock } = limited()

  for (let i = 0; i < 100; i++) void breaker.execute(async () => i)

  expect(clock.timers).toBe(1)
})

test('permits have no time limit: nobody could abort their work', () => {
  const { breaker, clock } = limited()
  const permit = breaker.acquire()
  clock.advance(1_000)

  permit.success()

  expect(clock.timers).toBe(0)
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 0 })
})

test('a rejected call sets no timer', async () => {
  const { breaker, clock } = limited({ trip: consecutiveFailures(1) })
  fail(breaker)

  await expect(breaker.execute(never)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })

  expect(clock.timers).toBe(0)
})

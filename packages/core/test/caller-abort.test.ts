import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitTimeoutError, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})

function closed(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1), ...options })
}

/** What callers give to abort(): anything at all. */
const reasons: [what: string, reason: unknown][] = [
  ['the default AbortError', undefined],
  ['an error', new Error('user left')],
  ['a string', 'user left'],
  ['an object', { left: true }],
  ['a frozen error', Object.freeze(new Error('frozen'))],
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['a symbol', Symbol('left')],
  [
    'a hostile Proxy',
    new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('the trap')
        },
      },
    ),
  ],
]

/** What functions make of an abort. */
const reactions: [what: string, fn: (signal: AbortSignal) => Promise<unknown>][] = [
  ['never settles', never],
  [
    'rejects with the reason',
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  ],
  [
    'rejects with an error of its own',
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
      ),
  ],
  [
    'rejects with an error caused by the reason',
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new TypeError('failed', { cause: signal.reason }))),
      ),
  ],
  [
    'throws the reason when it looks',
    async (signal) => {
      await Promise.resolve()
      signal.throwIfAborted()
      return never()
    },
  ],
  [
    'ends well all the same',
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('partial'))),
  ],
]

describe.for([
  ['without a time limit', {}],
  ['with a time limit', { timeoutMs: 1_000 }],
] as const)('%s', ([, options]) => {
  for (const [what, reason] of reasons) {
    for (const [does, fn] of reactions) {
      test(`an abort with ${what} of a call that ${does} rejects with that very reason and is ignored`, async () => {
        const breaker = closed(options)
        const controller = new AbortController()
        const call = breaker.execute(({ signal }) => fn(signal), { signal: controller.signal })

        controller.abort(reason)

        expect(await call.catch((error: unknown) => error === controller.signal.reason)).toBe(true)
        expect(breaker.status()).toMatchObject({
          state: 'closed',
          totals: { success: 0, failure: 0, ignored: 1, active: 0 },
          recentFailures: [],
        })
      })
    }
  }

  test('an aborted probe gives its place back and decides nothing', async () => {
    const clock = new ManualClock()
    const breaker = closed({ ...options, clock, openMs: 10_000, halfOpen: { maxConcurrent: 1, successesToClose: 1 } })
    fail(breaker)
    clock.advance(10_000)
    const controller = new AbortController()
    const probe = breaker.execute(never, { signal: controller.signal })
    expect(breaker.isAvailable()).toBe(false)

    controller.abort('left')

    await expect(probe).rejects.toBe('left')
    expect(breaker.isAvailable()).toBe(true)
    expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 0, successes: 0, failures: 0 } })
  })

  test('what the function does after the abort is nobody’s business', async () => {
    const breaker = closed(options)
    const controller = new AbortController()
    const work = Promise.withResolvers<string>()
    const call = breaker.execute(() => work.promise, { signal: controller.signal })
    controller.abort('left')
    await expect(call).rejects.toBe('left')
    const before = breaker.status()

    work.reject(new Error('late'))
    // Unhandled rejections are reported between turns of the loop.
    await new Promise((resolve) => setImmediate(resolve))

    expect(breaker.status()).toEqual(before)
  })

  test('an abort after the end does nothing', async () => {
    const breaker = closed(options)
    const controller = new AbortController()

    expect(await breaker.execute(() => 'result', { signal: controller.signal })).toBe('result')
    controller.abort()

    expect(breaker.status().totals).toMatchObject({ success: 1, ignored: 0 })
  })

  test('one signal for many calls keeps no listener of those that have ended', async () => {
    const breaker = closed({ ...options, trip: consecutiveFailures(1_000) })
    const { signal } = new AbortController()

    await Promise.all(Array.from({ length: 50 }, (_, i) => breaker.execute(() => i, { signal })))
    await Promise.allSettled(
      Array.from({ length: 50 }, () => breaker.execute(() => Promise.reject(new Error('down')), { signal })),
    )

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('an abort inside the function itself counts as any other', async () => {
    const breaker = closed(options)
    const controller = new AbortController()
    const call = breaker.execute(
      () => {
        controller.abort('left')
        throw new Error('because of the abort')
      },
      { signal: controller.signal },
    )

    await expect(call).rejects.toBe('left')
    expect(breaker.status().totals).toMatchObject({ failure: 0, ignored: 1 })
  })

  test('an abort is ignored although another listener of the signal has stopped the event', async () => {
    const breaker = closed(options)
    const controller = new AbortController()
    controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation())
    const work = Promise.withResolvers<string>()
    const call = breaker.execute(() => work.promise, { signal: controller.signal })

    controller.abort('left')
    work.reject(controller.signal.reason)

    await expect(call).rejects.toBe('left')
    expect(breaker.status().totals).toMatchObject({ failure: 0, ignored: 1 })
  })

  test('an abort by a listener of the event that the call has caused is an abort', async () => {
    const clock = new ManualClock()
    const breaker = closed({ ...options, clock, openMs: 10_000 })
    fail(breaker)
    clock.advance(10_000)
    const controller = new AbortController()
    breaker.on('transition', () => controller.abort('left'))

    const call = breaker.execute(({ signal }) => (signal.aborted ? Promise.reject(signal.reason as Error) : never()), {
      signal: controller.signal,
    })

    await expect(call).rejects.toBe('left')
    expect(breaker.status()).toMatchObject({
      state: 'half_open',
      totals: { failure: 1, active: 0 },
      halfOpen: { inFlight: 0 },
    })
  })
})

test('the time limit of a breaker around it is a deadline, so a service that hangs trips the inner breaker too', async () => {
  const clock = new ManualClock()
  const outer = new CircuitBreaker('outer', { clock, timeoutMs: 100 })
  const inner = new CircuitBreaker('inner', { clock })
  const call = outer.execute(({ signal }) => inner.execute(never, { signal }))

  clock.advance(100)

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
  await Promise.resolve()
  expect(inner.status().totals).toMatchObject({ failure: 1, ignored: 0 })
})

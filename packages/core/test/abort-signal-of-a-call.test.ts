import { expect, test, vi } from 'vitest'
import {
  type CallContext,
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitTimeoutError,
  consecutiveFailures,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { halfOpen } from './half-open-breaker.ts'

const never = (): Promise<never> => new Promise(() => {})

function closed(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1), ...options })
}

test('the function gets a signal that aborts with the caller’s reason, also next to a time limit', async () => {
  const breaker = closed({ timeoutMs: 1_000 })
  const controller = new AbortController()
  let signal: AbortSignal | undefined
  const call = breaker.execute(
    (context) => {
      signal = context.signal
      return never()
    },
    { signal: controller.signal },
  )
  const reason = new Error('left')

  controller.abort(reason)

  await expect(call).rejects.toBe(reason)
  expect(signal?.reason).toBe(reason)
})

test('next to a caller’s signal the time limit aborts the signal of the call, and not the caller’s', async () => {
  const clock = new ManualClock()
  const breaker = closed({ clock, timeoutMs: 1_000 })
  const { signal } = new AbortController()
  const contexts: CallContext[] = []
  const call = breaker.execute(
    (context) => {
      contexts.push(context)
      return never()
    },
    { signal },
  )
  const rejected = expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
  const given = contexts[0]?.signal

  clock.advance(1_000)

  await rejected
  expect([given?.aborted, signal.aborted]).toEqual([true, false])
})

test('a call has one signal, however often it looks', async () => {
  const breaker = closed({ timeoutMs: 1_000 })

  expect(await breaker.execute((context) => context.signal === context.signal)).toBe(true)
})

test('a probe that nothing can abort has a signal too', async () => {
  const { breaker } = halfOpen()

  const signal = await breaker.execute((context) => context.signal)

  expect(signal).toBeInstanceOf(AbortSignal)
  expect(signal.aborted).toBe(false)
})

test('a call that only its caller can abort sets no timer', async () => {
  const clock = new ManualClock()
  const { signal } = new AbortController()

  await closed({ clock }).execute(() => 1, { signal })

  expect(clock.timers).toBe(0)
})

test('an object that calls itself a TimeoutError is no deadline: the caller has left', async () => {
  const breaker = closed()
  const controller = new AbortController()
  const call = breaker.execute(never, { signal: controller.signal })
  const reason = { name: 'TimeoutError' }

  controller.abort(reason)

  await expect(call).rejects.toBe(reason)
  expect(breaker.status().totals).toMatchObject({ failure: 0, ignored: 1 })
})

test('without a time limit the function gets the caller’s own signal', async () => {
  const { signal } = new AbortController()

  expect(await closed().execute((context) => context.signal, { signal })).toBe(signal)
})

test('an abort rejects at once, before the function has reacted', async () => {
  const breaker = closed()
  const controller = new AbortController()
  const call = breaker.execute(never, { signal: controller.signal })

  controller.abort('left')

  await expect(call).rejects.toBe('left')
  expect(breaker.status().totals).toMatchObject({ ignored: 1, active: 0 })
})

test('classify is not asked about the caller’s own abort', async () => {
  const classify = vi.fn(() => 'failure' as const)
  const breaker = closed({ classify })
  const controller = new AbortController()
  const call = breaker.execute(never, { signal: controller.signal })

  controller.abort('left')

  await expect(call).rejects.toBe('left')
  expect(classify).not.toHaveBeenCalled()
})

test('a deadline that the caller set as a signal says that the service was slow: a failure', async () => {
  const breaker = closed()
  const call = breaker.execute(never, { signal: AbortSignal.timeout(1) })

  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
  expect(breaker.status()).toMatchObject({ state: 'open', failuresByType: { TimeoutError: 1 } })
})

test('an abort error that the caller did not ask for is a failure', async () => {
  const breaker = closed()
  const error = new DOMException('aborted', 'AbortError')

  await expect(breaker.execute(() => Promise.reject(error), { signal: new AbortController().signal })).rejects.toBe(
    error,
  )

  expect(breaker.status().totals).toMatchObject({ failure: 1, ignored: 0 })
})

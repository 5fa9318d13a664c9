import { expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  CircuitTimeoutError,
  consecutiveFailures,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})

function closed(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1), ...options })
}

test('a fallback gives the result of a call that was rejected, and is told why', async () => {
  const breaker = closed()
  fail(breaker)
  const fallback = vi.fn<(error: unknown) => string>(() => 'cached')

  expect(await breaker.execute(never, { fallback })).toBe('cached')
  expect(fallback.mock.calls).toEqual([[expect.any(CircuitOpenError)]])
  expect(breaker.status().rejections.open).toBe(1)
})

test('a fallback gives the result of a call that has failed, which is counted all the same', async () => {
  const breaker = closed()
  const fallback = vi.fn<(error: unknown) => string>(() => 'cached')

  expect(await breaker.execute(() => Promise.reject(down), { fallback })).toBe('cached')
  expect(fallback.mock.calls).toEqual([[down]])
  expect(breaker.state).toBe('open')
})

test('a fallback gives the result of a call that has failed under a caller’s signal', async () => {
  const { signal } = new AbortController()

  expect(await closed().execute(() => Promise.reject(down), { signal, fallback: () => 'cached' })).toBe('cached')
})

test('a fallback gives the result of a call that took too long', async () => {
  const clock = new ManualClock()
  const breaker = closed({ clock, timeoutMs: 100 })
  const fallback = vi.fn<(error: unknown) => Promise<string>>(async () => 'cached')
  const call = breaker.execute(never, { fallback })

  clock.advance(100)

  expect(await call).toBe('cached')
  expect(fallback.mock.calls).toEqual([[expect.any(CircuitTimeoutError)]])
})

test('a fallback is not asked when the caller has left', async () => {
  const fallback = vi.fn(() => 'cached')
  const controller = new AbortController()
  const call = closed().execute(never, { signal: controller.signal, fallback })

  controller.abort('left')

  await expect(call).rejects.toBe('left')
  expect(fallback).not.toHaveBeenCalled()
})

test.for(['success', 'ignored'] as const)('a fallback is not asked about an error judged %s', async (verdict) => {
  const fallback = vi.fn(() => 'cached')
  const breaker = closed({ classify: () => verdict })

  await expect(breaker.execute(() => Promise.reject(down), { fallback })).rejects.toBe(down)
  expect(fallback).not.toHaveBeenCalled()
})

test('a fallback is not asked about a value, whatever its verdict', async () => {
  const fallback = vi.fn(() => 'cached')
  const breaker = closed({ classify: () => 'failure' })

  expect(await breaker.execute(() => 'error page', { fallback })).toBe('error page')
  expect(fallback).not.toHaveBeenCalled()
})

test.for([
  ['of a rejected call', true],
  ['of a failed call', false],
] as const)('what a fallback %s throws is what the caller gets, and is counted nowhere', async ([, isOpen]) => {
  const breaker = closed()
  if (isOpen) fail(breaker)
  const mistake = new Error('no cache either')
  const fallback = (): never => {
    throw mistake
  }

  await expect(breaker.execute(() => Promise.reject(down), { fallback })).rejects.toBe(mistake)
  await expect(breaker.execute(never, { fallback: () => Promise.reject(mistake) })).rejects.toBe(mistake)
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
})

test('an undefined fallback is none', async () => {
  await expect(closed().execute(() => Promise.reject(down), { fallback: undefined, signal: undefined })).rejects.toBe(
    down,
  )
})

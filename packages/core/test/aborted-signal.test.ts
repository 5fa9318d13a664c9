import { describe, expect, test, vi } from 'vitest'
import { CircuitBreaker, consecutiveFailures, type CircuitBreakerOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear } from './drive.ts'

const never = (): Promise<never> => new Promise(() => {})

function closed(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1), ...options })
}

describe.for([
  ['without a time limit', {}],
  ['with a time limit', { timeoutMs: 1_000 }],
] as const)('%s', ([, options]) => {
  test('a signal that is aborted already means that the function is not called and nothing is counted', async () => {
    const breaker = closed(options)
    const before = breaker.status()
    const fn = vi.fn(() => 1)
    const fallback = vi.fn(() => 2)

    await expect(breaker.execute(fn, { signal: AbortSignal.abort('left'), fallback })).rejects.toBe('left')

    expect(fn).not.toHaveBeenCalled()
    expect(fallback).not.toHaveBeenCalled()
    expect(breaker.status()).toEqual(before)
  })

  test('a signal that is aborted already is not counted as a rejection either', async () => {
    const breaker = closed(options)
    fail(breaker)

    await expect(breaker.execute(never, { signal: AbortSignal.abort('left') })).rejects.toBe('left')

    expect(breaker.status().rejections.open).toBe(0)
  })

  test('a signal that is aborted already does not make the transition that is due', async () => {
    const clock = new ManualClock()
    const breaker = closed({ ...options, clock, openMs: 10_000 })
    fail(breaker)
    clock.advance(10_000)
    const transitions = hear(breaker, 'transition')

    await expect(breaker.execute(never, { signal: AbortSignal.abort('left') })).rejects.toBe('left')

    expect(transitions).toEqual([])
  })
})

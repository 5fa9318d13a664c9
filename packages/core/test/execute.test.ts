import { expect, test, vi } from 'vitest'
import { CircuitBreaker, CircuitOpenError, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail } from './drive.ts'

function closed(): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1) })
}

test('gives the very value that the function gives', async () => {
  const value = Object.freeze({ id: 1 })

  expect(await closed().execute(async () => value)).toBe(value)
})

test('rejects with the very error that the function throws', async () => {
  const breaker = closed()

  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)
  expect(breaker.state).toBe('open')
})

test('takes functions that are not async, and ones that give nothing', async () => {
  const breaker = closed()

  expect(await breaker.execute(() => 1)).toBe(1)
  expect(await breaker.execute(() => undefined)).toBeUndefined()
  expect(await breaker.execute(() => null)).toBeNull()
  expect(breaker.status().totals).toMatchObject({ success: 3, failure: 0 })
})

test('a synchronous throw is a rejection, counted once', async () => {
  const breaker = closed()
  const call = breaker.execute(() => {
    throw down
  })

  await expect(call).rejects.toBe(down)
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
})

test('takes any thenable, and asks it once', async () => {
  const breaker = closed()
  const then = vi.fn((resolve: (value: string) => void) => resolve('lazy'))
  const thenable = { then } as unknown as PromiseLike<string>

  expect(await breaker.execute(() => thenable)).toBe('lazy')
  expect(then).toHaveBeenCalledTimes(1)
})

test('a thenable that throws is a failure', async () => {
  const breaker = closed()
  const thenable = {
    get then(): never {
      throw down
    },
  }

  await expect(breaker.execute(() => thenable as never)).rejects.toBe(down)
  expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
})

test('calls the function once, in the same turn', () => {
  const fn = vi.fn(async () => 1)

  void closed().execute(fn)

  expect(fn).toHaveBeenCalledTimes(1)
})

test('a rejected call never calls the function, and costs the caller no exception of its own', async () => {
  const breaker = closed()
  fail(breaker)
  const fn = vi.fn(() => 1)

  const error: unknown = await breaker.execute(fn).catch((thrown: unknown) => thrown)

  expect(error).toBeInstanceOf(CircuitOpenError)
  expect(fn).not.toHaveBeenCalled()
  expect(breaker.status().totals).toMatchObject({ success: 0, failure: 1, ignored: 0, active: 0 })
})

test('a call that nothing can abort still has a signal, and one of its own', async () => {
  const breaker = closed()
  const first = await breaker.execute(({ signal }) => signal)
  const second = await breaker.execute(({ signal }) => signal)

  expect(first).toBeInstanceOf(AbortSignal)
  expect(first.aborted).toBe(false)
  expect(second).not.toBe(first)
})

test('a call is active until its promise settles', async () => {
  const breaker = closed()
  const work = Promise.withResolvers<void>()
  const call = breaker.execute(() => work.promise)
  expect(breaker.status().totals.active).toBe(1)

  work.resolve()
  await call

  expect(breaker.status().totals.active).toBe(0)
})

test('calls may be nested and recursive', async () => {
  const breaker = closed()
  const countdown = (n: number): Promise<number> =>
    breaker.execute(async () => (n === 0 ? 0 : 1 + (await countdown(n - 1))))

  expect(await countdown(50)).toBe(50)
  expect(breaker.status().totals).toMatchObject({ success: 51, active: 0 })
})

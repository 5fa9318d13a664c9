import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreaker, type Clock, CircuitTimeoutError } from '@switchgear/core'

afterEach(() => vi.unstubAllGlobals())

const never = (): Promise<never> => new Promise(() => {})

/** A clock whose timers only say what is asked of them. */
function loggingClock(): { clock: Clock; log: unknown[]; fire: () => void } {
  const log: unknown[] = []
  let now = 0
  let callback = (): void => {}
  const clock: Clock = {
    now: () => now,
    setTimer: (given, ms) => {
      log.push(ms)
      callback = (): void => {
        now += ms
        given()
      }
      return { cancel: () => log.push('cancel'), keepAlive: (alive) => log.push(alive ? 'ref' : 'unref') }
    },
  }
  return { clock, log, fire: () => callback() }
}

test('the timer keeps the process alive only while there are calls to wait for', async () => {
  const { clock, log } = loggingClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100 })

  await breaker.execute(async () => 1)
  expect(log).toEqual([100, 'unref'])

  await Promise.all([breaker.execute(async () => 1), breaker.execute(async () => 2)])
  expect(log).toEqual([100, 'unref', 'ref', 'unref'])
})

test('a timer that fires early or for a call that has ended is set again for the next one', async () => {
  const { clock, log, fire } = loggingClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100 })
  await breaker.execute(async () => 1)
  fire()
  const call = breaker.execute(never)
  expect(log).toEqual([100, 'unref', 100])

  fire()

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('a limit on the platform timer ends a call', async () => {
  const breaker = new CircuitBreaker('payments', { timeoutMs: 1 })

  await expect(breaker.execute(never)).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('where timers are plain numbers, as in browsers, limits work too', async () => {
  const callbacks: (() => void)[] = []
  vi.stubGlobal('setTimeout', (callback: () => void) => callbacks.push(callback))
  let now = 0
  const breaker = new CircuitBreaker('payments', { timeoutMs: 5, clock: { now: () => now } })

  expect(await breaker.execute(async () => 1)).toBe(1)
  const call = breaker.execute(never)
  now = 5
  callbacks[0]?.()

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('a limit longer than the platform can wait for is waited for in parts', () => {
  const setTimeout = vi.fn()
  vi.stubGlobal('setTimeout', setTimeout)

  void new CircuitBreaker('payments', {
    timeoutMs: 2 ** 40,
    openMs: 2 ** 40,
    halfOpen: { probeTimeoutMs: 2 ** 40 },
  }).execute(never)

  expect(setTimeout.mock.calls).toEqual([[expect.any(Function), 2_147_483_647]])
})

test('where timers are objects, as in Node, the process is told when to wait for them', async () => {
  const told: string[] = []
  vi.stubGlobal('setTimeout', () => ({ ref: () => told.push('ref'), unref: () => told.push('unref') }))
  const breaker = new CircuitBreaker('payments', { timeoutMs: 5 })

  await breaker.execute(async () => 1)
  expect(told).toEqual(['unref'])
  void breaker.execute(never)
  expect(told).toEqual(['unref', 'ref'])
})

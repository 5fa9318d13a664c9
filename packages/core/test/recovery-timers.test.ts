import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail } from './drive.ts'
import { type Check, opened, settled } from './watched-breaker.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('where timers do not fire, the next call asks, and is rejected itself', async () => {
  let now = 0
  const clock = { now: () => now, setTimer: () => ({ cancel: () => {}, keepAlive: () => {} }) }
  const check = vi.fn<Check>(async () => true)
  const { breaker } = opened({ check }, { clock })
  now = 999
  breaker.tryAcquire()
  expect(check).not.toHaveBeenCalled()

  now = 1_000
  expect(breaker.tryAcquire()).toBeUndefined()
  expect(check).toHaveBeenCalledTimes(1)
  await settled()

  expect(breaker.state).toBe('half_open')
})

test('a call that comes when the open time is over is a probe, and nobody is asked any more', () => {
  let now = 0
  const clock = { now: () => now, setTimer: () => ({ cancel: () => {}, keepAlive: () => {} }) }
  const check = vi.fn<Check>(async () => true)
  const { breaker } = opened({ check }, { clock })

  now = 10_000

  expect(breaker.acquire().probe).toBe(true)
  expect(check).not.toHaveBeenCalled()
})

test('no timer keeps the process alive', async () => {
  const kept: boolean[] = []
  const callbacks: (() => void)[] = []
  let now = 0
  const clock = {
    now: () => now,
    setTimer: (callback: () => void) => {
      callbacks.push(callback)
      return { cancel: () => {}, keepAlive: (alive: boolean) => void kept.push(alive) }
    },
  }
  opened({ check: () => new Promise(() => {}) }, { clock })
  now = 1_000
  callbacks[0]?.()
  await settled()

  expect(kept).toEqual([false, false])
})

test('a timer that fires early is set again', async () => {
  const callbacks: (() => void)[] = []
  let now = 0
  const clock = {
    now: () => now,
    setTimer: (callback: () => void) => {
      callbacks.push(callback)
      return { cancel: () => {}, keepAlive: () => {} }
    },
  }
  const check = vi.fn<Check>(() => false)
  opened({ check }, { clock })
  now = 999
  callbacks[0]?.()
  expect(check).not.toHaveBeenCalled()

  now = 1_000
  callbacks[1]?.()
  expect(check).toHaveBeenCalledTimes(1)
})

test('on the platform’s clock a check runs too', async () => {
  const check = Promise.withResolvers<void>()
  const breaker = new CircuitBreaker('payments', {
    trip: consecutiveFailures(1),
    recoverWhen: {
      check: () => {
        check.resolve()
        return true
      },
      everyMs: 1,
    },
  })
  const recovered = Promise.withResolvers<string>()
  breaker.on('transition', ({ trigger }) => {
    if (trigger === 'recovered') recovered.resolve(trigger)
  })
  fail(breaker)
  // The check's own timer keeps no process alive; this one does.
  const alive = setInterval(() => {}, 1_000)

  await check.promise
  expect(await recovered.promise).toBe('recovered')
  clearInterval(alive)
})

test('a breaker that is no longer open leaves no timer on the platform’s clock', () => {
  vi.useFakeTimers()
  const breaker = new CircuitBreaker('payments', {
    trip: consecutiveFailures(1),
    recoverWhen: { check: () => false, everyMs: 1_000 },
  })
  fail(breaker)
  expect(vi.getTimerCount()).toBe(1)

  breaker.reset()

  expect(vi.getTimerCount()).toBe(0)
})

test('a breaker that is restored closed asks nobody', () => {
  const clock = new ManualClock()
  const restore = new CircuitBreaker('payments').snapshot()
  const restored = new CircuitBreaker('payments', { clock, restore, recoverWhen: { check: () => true, everyMs: 500 } })

  expect(restored.state).toBe('closed')
  expect(clock.timers).toBe(0)
})

test('a check goes on for a breaker that is restored open', async () => {
  const { breaker } = opened({ check: () => true })
  const clock = new ManualClock()
  const restore = breaker.snapshot()
  const restored = new CircuitBreaker('payments', { clock, restore, recoverWhen: { check: () => true, everyMs: 500 } })

  clock.advance(500)
  await settled()

  expect(restored.state).toBe('half_open')
})

import { afterEach, expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  consecutiveFailures,
  type RecoverWhen,
  type RecoveryContext,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear } from './drive.ts'

afterEach(() => vi.restoreAllMocks())

type Check = RecoverWhen['check']

/** Lets promises that have settled tell so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function opened(
  recoverWhen: Partial<RecoverWhen> & { check: Check },
  options: CircuitBreakerOptions = {},
): { breaker: CircuitBreaker; clock: ManualClock; pass: (ms: number) => Promise<void> } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: 10_000,
    recoverWhen: { everyMs: 1_000, ...recoverWhen },
    ...options,
  })
  fail(breaker)
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }
  return { breaker, clock, pass }
}

test('a check that says true lets probes through before the open time is over', async () => {
  const { breaker, pass } = opened({ check: async () => true })
  const transitions = hear(breaker, 'transition')

  await pass(999)
  expect(breaker.state).toBe('open')

  await pass(1)
  expect(breaker.state).toBe('half_open')
  expect(breaker.acquire().probe).toBe(true)
  expect(transitions).toEqual([expect.objectContaining({ from: 'open', to: 'half_open', trigger: 'recovered' })])
})

test('it may close the breaker at once', async () => {
  const { breaker, pass } = opened({ check: () => true, then: 'close' })
  const transitions = hear(breaker, 'transition')

  await pass(1_000)

  expect(breaker.state).toBe('closed')
  expect(transitions).toEqual([expect.objectContaining({ from: 'open', to: 'closed', trigger: 'recovered' })])
})

test('it is asked again and again until it says true', async () => {
  const check = vi.fn<Check>(async () => check.mock.calls.length === 3)
  const { breaker, pass } = opened({ check })

  await pass(1_000)
  await pass(1_000)
  expect(breaker.state).toBe('open')
  await pass(1_000)

  expect(breaker.state).toBe('half_open')
  expect(check).toHaveBeenCalledTimes(3)
})

test('it is asked only while the breaker is open', async () => {
  const check = vi.fn<Check>(async () => false)
  const { breaker, clock, pass } = opened({ check })
  breaker.reset()
  await pass(5_000)
  expect(check).not.toHaveBeenCalled()
  expect(clock.timers).toBe(0)

  fail(breaker)
  await pass(1_000)
  expect(check).toHaveBeenCalledTimes(1)

  breaker.forceOpen({ reason: 'test' })
  await pass(5_000)
  expect(check).toHaveBeenCalledTimes(1)
  expect(clock.timers).toBe(0)
})

test('a breaker that was never open asks nobody and sets no timer', async () => {
  const check = vi.fn<Check>(async () => false)
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, recoverWhen: { check, everyMs: 10 } })
  fail(breaker)
  clock.advance(100)

  expect(clock.timers).toBe(0)
  expect(check).not.toHaveBeenCalled()
})

test('one check runs at a time', async () => {
  const check = vi.fn<Check>(() => new Promise(() => {}))
  const { breaker, pass } = opened({ check, timeoutMs: 5_000 })

  await pass(1_000)
  await pass(3_000)
  breaker.tryAcquire()

  expect(check).toHaveBeenCalledTimes(1)
})

test('a check that takes too long says no, and its signal aborts', async () => {
  const signals: AbortSignal[] = []
  const { breaker, pass } = opened({
    check: ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    },
    timeoutMs: 200,
  })

  await pass(1_000)
  expect(signals[0]?.aborted).toBe(false)
  await pass(200)
  expect(signals[0]?.aborted).toBe(true)
  expect(breaker.state).toBe('open')

  await pass(1_000)
  expect(signals).toHaveLength(2)
})

test('an answer that comes after the check’s time is none', async () => {
  const answer = Promise.withResolvers<boolean>()
  const { breaker, pass } = opened({ check: () => answer.promise, timeoutMs: 200 })
  await pass(1_200)

  answer.resolve(true)
  await settled()

  expect(breaker.state).toBe('open')
})

test('an answer that comes when the breaker is no longer open is none, and its signal has aborted', async () => {
  const answer = Promise.withResolvers<boolean>()
  let signal: AbortSignal | undefined
  const { breaker, pass } = opened({
    check: (context) => {
      signal = context.signal
      return answer.promise
    },
    then: 'close',
  })
  await pass(1_000)
  breaker.forceOpen({ reason: 'test' })
  expect(signal?.aborted).toBe(true)

  answer.resolve(true)
  await settled()

  expect(breaker.state).toBe('forced_open')
})

test.for<[what: string, check: Check]>([
  ['throws', () => Promise.reject(new Error('cannot connect'))],
  [
    'throws at once',
    () => {
      throw new Error('cannot connect')
    },
  ],
])('a check that %s keeps the breaker open, is one warning, and is asked again', async ([, check]) => {
  const spy = vi.fn(check)
  const { breaker, pass } = opened({ check: spy })
  const warnings = hear(breaker, 'warning')

  await pass(1_000)
  await pass(1_000)

  expect(breaker.state).toBe('open')
  expect(spy).toHaveBeenCalledTimes(2)
  expect(warnings).toEqual([expect.objectContaining({ code: 'recovery_check_threw' })])
})

test('a check that throws because it was aborted is no warning', async () => {
  const { breaker, pass } = opened({
    check: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    timeoutMs: 200,
  })
  const warnings = hear(breaker, 'warning')

  await pass(1_200)

  expect(warnings).toEqual([])
})

test.for([1, 'true', {}, undefined])('a check that gives %j, not true, keeps the breaker open', async (given) => {
  const { breaker, pass } = opened({ check: () => given as boolean })

  await pass(1_000)

  expect(breaker.state).toBe('open')
})

test('a check is told which breaker it is for', async () => {
  const check = vi.fn<Check>(() => false)
  const { pass } = opened({ check })
  await pass(1_000)

  const [context] = check.mock.calls[0] ?? []
  expect(context).toEqual({ breaker: 'payments', signal: expect.any(AbortSignal) as AbortSignal } satisfies RecoveryContext)
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

test('a check goes on for a breaker that is restored open', async () => {
  const { breaker } = opened({ check: () => true })
  const clock = new ManualClock()
  const restore = breaker.snapshot()
  const restored = new CircuitBreaker('payments', { clock, restore, recoverWhen: { check: () => true, everyMs: 500 } })

  clock.advance(500)
  await settled()

  expect(restored.state).toBe('half_open')
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

const bad: [options: object, option: string][] = [
  [{ check: () => true }, 'recoverWhen.everyMs'],
  [{ everyMs: 5 }, 'recoverWhen.check'],
  [{ check: true, everyMs: 5 }, 'recoverWhen.check'],
  [{ check: () => true, everyMs: 0 }, 'recoverWhen.everyMs'],
  [{ check: () => true, everyMs: 5, timeoutMs: 0 }, 'recoverWhen.timeoutMs'],
  [{ check: () => true, everyMs: 5, then: 'open' }, 'recoverWhen.then'],
  [{ check: () => true, everyMs: 5, timeout: 5 }, 'recoverWhen.timeout'],
]
test.for(bad)('%j is refused', ([options, option]) => {
  const make = (): CircuitBreaker => new CircuitBreaker('payments', { recoverWhen: options as RecoverWhen })

  expect(make).toThrow(CircuitBreakerConfigError)
  expect(make).toThrow(option)
})

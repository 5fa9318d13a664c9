import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreaker, type RecoveryContext } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear } from './drive.ts'
import { type Check, opened, settled } from './watched-breaker.ts'

afterEach(() => vi.restoreAllMocks())

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
  const answers = [false, false, true]
  const check = vi.fn<Check>(async () => answers.shift() === true)
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

test('a check that has answered leaves no timer', async () => {
  const { clock, pass } = opened({ check: async () => true })
  await pass(1_000)

  expect(clock.timers).toBe(0)
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
  expect(signals[0]?.reason).toEqual(new Error('the recovery check gave no answer within 200 ms'))
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
  expect(signal?.reason).toEqual(new Error('the circuit breaker is no longer open'))

  answer.resolve(true)
  await settled()

  expect(breaker.state).toBe('forced_open')
})

test('an answer to an earlier opening is none to a later one, and no check follows it', async () => {
  for (const isBack of [true, false]) {
    const answer = Promise.withResolvers<boolean>()
    const check = vi.fn<Check>(() => answer.promise)
    const { breaker, clock, pass } = opened({ check, timeoutMs: 900 })
    await pass(1_000)
    breaker.reset()
    fail(breaker)
    const timers = clock.timers

    answer.resolve(isBack)
    await settled()

    expect(breaker.state).toBe('open')
    expect(clock.timers).toBeLessThanOrEqual(timers)
  }
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
    check: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
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
  expect(context).toEqual({
    breaker: 'payments',
    signal: expect.any(AbortSignal) as AbortSignal,
  } satisfies RecoveryContext)
})

test('a check every Infinity ms is never made', async () => {
  const check = vi.fn<Check>(() => true)
  const { breaker, clock, pass } = opened({ check, everyMs: Number.POSITIVE_INFINITY, timeoutMs: 5 })
  expect(clock.timers).toBe(0)

  await pass(1e9)
  breaker.reset()

  expect(check).not.toHaveBeenCalled()
  expect(breaker.state).toBe('closed')
})

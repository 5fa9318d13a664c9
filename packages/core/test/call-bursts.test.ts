import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as Core from '@switchgear/core'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { down } from './drive.ts'

// A platform whose time moves when a test says so, as it is when the first breaker is made.
let now = 1_000
let looks = 0

let core: typeof Core

beforeEach(async () => {
  now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => {
    looks++
    return now
  })
  vi.resetModules()
  core = await import('@switchgear/core')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** So many successes one after the other, in one turn; says how often they looked at the clock. */
async function burst(breaker: Core.CircuitBreaker, calls = 320): Promise<number> {
  const before = looks
  for (let i = 0; i < calls; i++) await breaker.execute(() => 1)
  return looks - before
}

/** How often 320 calls in a burst look at the clock of a platform that was changed just now. */
async function looksInBurst(): Promise<number> {
  vi.resetModules()
  const { CircuitBreaker } = await import('@switchgear/core')
  const breaker = new CircuitBreaker('payments')
  await burst(breaker)
  return burst(breaker)
}

async function fail(breaker: Core.CircuitBreaker, work: () => unknown = () => Promise.reject(down)): Promise<void> {
  await breaker.execute(work).catch(() => {})
}

const durations = (breaker: Core.CircuitBreaker): number[] =>
  breaker.status().recentFailures.map(({ durationMs }) => durationMs)

test('in a burst one call in 32 looks at the clock', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)

  expect(await burst(breaker, 3_200)).toBe(100)
})

test('breakers share the looks of a burst, and so do permits', async () => {
  const breakers = [new core.CircuitBreaker('payments'), new core.CircuitBreaker('refunds')]
  await burst(new core.CircuitBreaker('orders'))

  const before = looks
  for (let i = 0; i < 320; i++) breakers[i % 2]?.acquire().success()
  expect(looks - before).toBe(10)
})

test('calls that hang from the middle of a burst on have lasted as long as they have', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker, 330)
  const work = Promise.withResolvers<never>()
  const calls = Array.from({ length: 4 }, () => fail(breaker, () => work.promise))

  await nextTurn()
  now += 10_000
  work.reject(down)
  await Promise.all(calls)

  expect(durations(breaker)).toEqual([10_000, 10_000, 10_000, 10_000])
})

test('a burst ends with its turn of the event loop', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker, 330)
  await nextTurn()
  now += 5_000

  await fail(breaker)
  expect(durations(breaker)).toEqual([0])
  expect(await burst(breaker, 20)).toBe(20)
})

test('a new burst begins with the 33rd call of a turn', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn()
    expect(await burst(breaker, 32)).toBe(32)
    expect(await burst(breaker, 330)).toBe(10)
  }
})

test('calls that come slower are no burst', async () => {
  const breaker = new core.CircuitBreaker('payments')
  for (let i = 0; i < 320; i++) {
    await breaker.execute(() => 1)
    now += 0.004
  }
  now += 50

  await fail(breaker)
  expect(durations(breaker)).toEqual([0])
})

test('a burst is over when its calls come slower', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)
  for (let i = 0; i < 64; i++) {
    await breaker.execute(() => 1)
    now += 1
  }

  expect(await burst(breaker, 20)).toBe(20)
})

test('time for which the event loop is held up in a burst counts for nothing until the next look', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(100) })
  const holdUpAndFail = (): never => {
    now += 50
    throw down
  }
  await burst(breaker)
  const longCall = breaker.acquire()
  now += 50
  await fail(breaker)
  await fail(breaker, holdUpAndFail)

  await burst(breaker, 32)
  longCall.failure(down)
  await fail(breaker, holdUpAndFail)

  expect(durations(breaker)).toEqual([0, 0, 100, 50])
})

test('failures share the looks of a burst, at both of their ends', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(1_000) })
  await burst(breaker)

  const before = looks
  for (let i = 0; i < 320; i++) await fail(breaker)
  expect(looks - before).toBe(20)
})

test('a breaker that opens in a burst opens at the time it is', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(1), openMs: 1_000 })
  await burst(breaker)
  now += 50
  await fail(breaker)

  now += 999
  expect(breaker.isAvailable()).toBe(false)
  now += 1
  expect(breaker.isAvailable()).toBe(true)
})

test('an exact look of anybody serves all calls that come after it', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)
  now += 50
  breaker.status()

  await fail(breaker)
  expect(durations(breaker)).toEqual([0])
})

test('rejections share the time in a flood, and never contradict what was read before', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(1), openMs: 1_000 })
  await fail(breaker)
  for (let i = 0; i < 64; i++) breaker.tryAcquire()

  const before = looks
  for (let i = 0; i < 320; i++) breaker.tryAcquire()
  expect(looks - before).toBe(10)

  now += 1_000
  expect(breaker.isAvailable()).toBe(true)
  expect(breaker.tryAcquire()?.probe).toBe(true)
})

test('a flood of rejections notices within 32 of them that the open time is over', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(1), openMs: 1_000 })
  await fail(breaker)
  for (let i = 0; i < 320; i++) breaker.tryAcquire()
  now += 1_000

  const answers = Array.from({ length: 32 }, () => breaker.tryAcquire()?.probe)
  expect(answers).toContain(true)
})

test.for<[string, () => Core.CircuitBreakerOptions]>([
  ['a policy that asks for slow calls', () => ({ trip: core.slowCallRate({ slowMs: 100 }) })],
  ['a time limit', () => ({ timeoutMs: 100 })],
  ['classify', () => ({ classify: () => undefined })],
])('each call is timed from its beginning where %s needs it', async ([, options]) => {
  const breaker = new core.CircuitBreaker('payments', options())
  await burst(breaker)

  expect(await burst(breaker)).toBeGreaterThanOrEqual(320)
})

test('a policy by time has the end of each call from the clock, and in a burst that of the last look', async () => {
  const ends: number[] = []
  const breaker = new core.CircuitBreaker('payments', {
    trip: {
      timed: true,
      createTracker: () => ({
        record: (_, __, at) => void ends.push(at),
        readings: () => [],
        clear: () => {},
      }),
    },
  })
  for (let i = 0; i < 3; i++) await breaker.execute(() => (now += 50))
  expect(ends).toEqual([1_050, 1_100, 1_150])

  await burst(breaker)
  expect(await burst(breaker)).toBe(20)
  expect(ends.at(-1)).toBe(1_150)
})

test('a policy of your own that knows slow calls has them timed, though it is not timed itself', async () => {
  const heard: number[] = []
  const breaker = new core.CircuitBreaker('payments', {
    trip: {
      timed: false,
      slowMs: 20,
      createTracker: () => ({
        record: (_, durationMs) => void heard.push(durationMs),
        readings: () => [],
        clear: () => {},
      }),
    },
  })
  await burst(breaker, 64)
  now += 50
  await breaker.execute(() => (now += 20))

  expect(heard.at(-1)).toBe(20)
  expect(breaker.status().totals.slow).toBe(1)
})

test('each call is timed while somebody listens for successes', async () => {
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)
  const heard: number[] = []
  const listening = breaker.on('success', ({ durationMs }) => void heard.push(durationMs))
  now += 50
  await breaker.execute(() => (now += 3))
  expect(heard).toEqual([3])

  listening[Symbol.dispose]()
  await burst(breaker)
  expect(await burst(breaker)).toBe(10)
})

test('classify is told how long a call took, in a burst too', async () => {
  const told: number[] = []
  const breaker = new core.CircuitBreaker('payments', { classify: (_, durationMs) => void told.push(durationMs) })
  await burst(breaker)
  now += 50
  await breaker.execute(() => (now += 3))

  expect(told.at(-1)).toBe(3)
})

test('other clocks are looked at for each call', async () => {
  let reading = 0
  const clock = {
    now: () => {
      looks++
      return reading
    },
  }
  const breaker = new core.CircuitBreaker('payments', { clock })
  await burst(breaker)
  expect(await burst(breaker)).toBe(320)

  reading += 50
  await fail(breaker)
  expect(durations(breaker)).toEqual([0])
})

test('time that a test puts in place of the platform’s is looked at for each call', async () => {
  const breaker = new core.CircuitBreaker('payments')
  vi.spyOn(performance, 'now').mockRestore()
  vi.useFakeTimers({ toFake: ['performance'] })
  for (let i = 0; i < 320; i++) await breaker.execute(() => 1)
  const call = breaker.acquire()
  vi.advanceTimersByTime(60_000)

  call.failure(down)
  vi.useRealTimers()
  expect(durations(breaker)).toEqual([60_000])
})

test.for([
  ['in place before the first breaker', false],
  ['put in place in a burst', true],
] as const)('fake timers %s leave each call its time', async ([, isLate]) => {
  onTestFinished(() => void vi.useRealTimers())
  if (!isLate) vi.useFakeTimers()
  const breaker = new core.CircuitBreaker('payments')
  await burst(breaker)
  if (isLate) vi.useFakeTimers()
  const faked = breaker.acquire()
  vi.advanceTimersByTime(10_000)
  faked.failure(down)
  await burst(breaker)
  vi.useRealTimers()

  await nextTurn()
  const real = breaker.acquire()
  await nextTurn()
  now += 50
  real.failure(down)

  expect(durations(breaker)).toEqual([10_000, 50])
})

test('there is a burst where the platform does not say what it is', async () => {
  vi.stubGlobal('navigator', undefined)
  expect(await looksInBurst()).toBe(10)
})

test('there are no bursts where a turn’s end may be lost with the request that asked for it', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  expect(await looksInBurst()).toBe(320)
})

test.for([
  ['failed', () => Promise.reject(down), 1],
  ['succeeded', () => Promise.resolve(1), 0.9],
] as const)(
  'the window that opened a breaker is the one that was judged when a call %s in a burst',
  async ([, work, value]) => {
    const breaker = new core.CircuitBreaker('payments', {
      trip: core.failureRate({ threshold: 0.5, minimumCalls: 10, window: { ms: 60_000, buckets: 10 } }),
    })
    now = 5_999
    for (let i = 0; i < 9; i++) await fail(breaker)
    now = 59_990
    for (let i = 0; i < 96; i++) breaker.acquire().ignore()
    now += 15
    await fail(breaker, work)

    expect(breaker.status().openedBy?.window).toMatchObject([{ value, calls: 10 }])
  },
)

test('a policy of your own that is not timed is read at the time it opens the breaker', async () => {
  const readAt: number[] = []
  const breaker = new core.CircuitBreaker('payments', {
    trip: {
      timed: false,
      createTracker: () => ({
        record: () => 'enough',
        readings: (at) => {
          readAt.push(at)
          return []
        },
        clear: () => {},
      }),
    },
  })
  await breaker.execute(() => 1)

  expect(readAt).toEqual([1_000])
})

test('where the platform cannot tell of a turn’s end each call looks at the clock', async () => {
  vi.stubGlobal('setImmediate', undefined)
  expect(await looksInBurst()).toBe(320)
})

test('a platform that refuses to tell of a turn’s end, as workers do outside of requests, hurts no call', async () => {
  vi.stubGlobal('setImmediate', () => {
    throw new Error('disallowed in global scope')
  })
  expect(await looksInBurst()).toBe(320)
})

test('a burst waits for its turn’s end with one callback, and with another one after a second', async () => {
  const callbacks: unknown[] = []
  vi.stubGlobal('setImmediate', (callback: unknown) => callbacks.push(callback))
  vi.resetModules()
  const { CircuitBreaker } = await import('@switchgear/core')
  const breaker = new CircuitBreaker('payments')
  await burst(breaker, 3_200)
  expect(callbacks).toHaveLength(1)

  now += 999
  await burst(breaker)
  expect(callbacks).toHaveLength(1)
  now += 1
  await burst(breaker)
  expect(callbacks).toHaveLength(2)
})

test('a probe that fails in a burst opens the breaker at the time it is', async () => {
  const breaker = new core.CircuitBreaker('payments', { trip: core.consecutiveFailures(1), openMs: 1_000 })
  await fail(breaker)
  now += 1_000
  await burst(new core.CircuitBreaker('orders'))
  const probe = breaker.acquire()
  now += 50
  probe.failure(down)

  expect(durations(breaker)).toEqual([0, 50])
  now += 999
  expect(breaker.isAvailable()).toBe(false)
  now += 1
  expect(breaker.isAvailable()).toBe(true)
})

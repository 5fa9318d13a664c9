import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerStatus,
  consecutiveFailures,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, succeed } from './drive.ts'

const BORN = 1_700_000_000_000

function ticking(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 70_000, wallNow: BORN })
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000, ...options })
  return { breaker, clock }
}

/** The times that are not zero. */
function timesOf({ timeInState }: CircuitBreakerStatus): Record<string, number> {
  return Object.fromEntries(Object.entries(timeInState).filter(([, ms]) => ms !== 0))
}

test('a new breaker’s status says all there is, and zeros', () => {
  expect(ticking().breaker.status()).toMatchObject({
    name: 'payments',
    state: 'closed',
    mode: 'enforce',
    critical: false,
    since: BORN,
    trip: [{ policy: 'consecutive_failures', threshold: 2, value: 0 }],
    halfOpen: { inFlight: 0, successes: 0, failures: 0 },
    totals: { success: 0, failure: 0, ignored: 0, stale: 0, active: 0 },
    failuresByType: {},
    rejections: { open: 0, half_open_full: 0, forced_open: 0 },
    wouldReject: { open: 0, half_open_full: 0, forced_open: 0 },
    transitions: [],
    timeInState: { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 },
    recentFailures: [],
    warnings: {},
  })
})

test('what is not known is absent', () => {
  const status = ticking().breaker.status()

  for (const name of ['openedAt', 'retryAfterMs', 'override']) expect(status).not.toHaveProperty(name)
  expect(Object.values(status)).not.toContain(undefined)
})

const moments: Record<string, (breaker: CircuitBreaker, clock: ManualClock) => void> = {
  'closed and new': () => {},
  'closed with failures': (breaker) => fail(breaker),
  open: (breaker) => fail(breaker, 2),
  'open for ever': (breaker) => fail(breaker, 2),
  'half-open to the reader': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(1_000.25)
  },
  'half-open': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(1_000)
    breaker.acquire()
  },
  'forced open': (breaker) => void breaker.forceOpen({ reason: 'test', actor: 'alice' }),
  'disabled for a time': (breaker) => void breaker.disable({ reason: 'test', forMs: 10 }),
}
test.for(Object.keys(moments))('the status of a breaker that is %s is plain JSON', (moment) => {
  const { breaker, clock } = ticking(moment === 'open for ever' ? { openMs: Number.POSITIVE_INFINITY } : {})
  moments[moment]?.(breaker, clock)

  const status = breaker.status()

  expect(JSON.parse(JSON.stringify(status))).toStrictEqual(status)
})

test('a status is a copy: changing it changes nothing', () => {
  const { breaker } = ticking()
  fail(breaker)
  const before = JSON.stringify(breaker.status())

  const status = breaker.status() as unknown as {
    totals: { failure: number }
    rejections: { open: number }
    transitions: unknown[]
    timeInState: { open: number }
  }
  status.totals.failure = 99
  status.rejections.open = 99
  status.timeInState.open = 99
  status.transitions.push('mine')

  expect(JSON.stringify(breaker.status())).toBe(before)
})

test('an open breaker says since when, when it opened and how long it will wait', () => {
  const { breaker, clock } = ticking()
  clock.advance(500)
  fail(breaker, 2)
  clock.advance(300)

  expect(breaker.status()).toMatchObject({ state: 'open', since: BORN + 500, openedAt: BORN + 500, retryAfterMs: 700 })
})

test('an open time that is over reads as half_open since it was over', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(5_000)

  expect(breaker.status()).toMatchObject({ state: 'half_open', since: BORN + 1_000, openedAt: BORN })
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')
})

test('openedAt is there until the breaker closes', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_000)
  succeed(breaker, 2)
  expect(breaker.status()).toMatchObject({ state: 'half_open', openedAt: BORN })

  succeed(breaker)
  expect(breaker.status()).not.toHaveProperty('openedAt')
})

test('an override whose time is over is no longer shown', () => {
  const { breaker, clock } = ticking()
  breaker.disable({ reason: 'test', forMs: 500 })
  clock.advance(800)

  expect(breaker.status()).toMatchObject({ state: 'closed', since: BORN + 500 })
  expect(breaker.status()).not.toHaveProperty('override')
})

test('time in each state adds up to the age of the breaker', () => {
  const { breaker, clock } = ticking({ halfOpen: { successesToClose: 1 } })
  clock.advance(100)
  fail(breaker, 2)
  clock.advance(1_000)
  const probe = breaker.acquire()
  clock.advance(30)
  probe.success()
  clock.advance(5)
  const forced = breaker.forceOpen({ reason: 'test' })
  clock.advance(700)
  forced[Symbol.dispose]()
  clock.advance(40)
  breaker.disable({ reason: 'test' })
  clock.advance(9)

  expect(breaker.status().timeInState).toEqual({
    closed: 105,
    open: 1_000,
    half_open: 70,
    forced_open: 700,
    disabled: 9,
  })
})

test('time after the end of an open time is half-open time, before and after the transition', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_400)
  expect(timesOf(breaker.status())).toEqual({ open: 1_000, half_open: 400 })

  breaker.acquire()
  clock.advance(1)
  expect(timesOf(breaker.status())).toEqual({ open: 1_000, half_open: 401 })
})

test('time after the end of an override is time of the state that it ends in', () => {
  const disabled = ticking()
  disabled.breaker.disable({ reason: 'test', forMs: 500 })
  disabled.clock.advance(800)
  disabled.breaker.acquire()
  expect(timesOf(disabled.breaker.status())).toEqual({ disabled: 500, closed: 300 })

  const forced = ticking()
  forced.breaker.forceOpen({ reason: 'test', forMs: 500 })
  forced.clock.advance(800)
  expect(timesOf(forced.breaker.status())).toEqual({ forced_open: 500, half_open: 300 })
})

test('transitions are counted by where they led from and to', () => {
  const { breaker } = ticking()
  for (let i = 0; i < 3; i++) {
    fail(breaker, 2)
    breaker.reset()
  }
  breaker.disable({ reason: 'test' })

  expect(breaker.status().transitions).toEqual([
    { from: 'closed', to: 'open', count: 3 },
    { from: 'open', to: 'closed', count: 3 },
    { from: 'closed', to: 'disabled', count: 1 },
  ])
})

test('reading a hundred times is as reading once', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_000)
  const before = breaker.status()

  for (let i = 0; i < 100; i++) void [breaker.state, breaker.isAvailable(), breaker.status()]

  expect(breaker.status()).toEqual(before)
  expect(breaker.acquire().probe).toBe(true)
})

test('no timer is set by a breaker without a time limit, in any state', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  breaker.tryAcquire()
  clock.advance(1_000)
  breaker.acquire()
  breaker.forceOpen({ reason: 'test', forMs: 10 })
  breaker.disable({ reason: 'test', forMs: 10 })

  expect(clock.timers).toBe(0)
})

test('critical is a label', () => {
  expect(ticking({ critical: true }).breaker.status().critical).toBe(true)
})

test('calls are counted in every state', () => {
  const { breaker, clock } = ticking()
  succeed(breaker)
  fail(breaker, 2)
  breaker.tryAcquire()
  clock.advance(1_000)
  succeed(breaker)
  breaker.forceOpen({ reason: 'test' })
  breaker.tryAcquire()
  breaker.disable({ reason: 'test' })
  succeed(breaker)
  fail(breaker)
  breaker.acquire().ignore()

  expect(breaker.status()).toMatchObject({
    totals: { success: 3, failure: 3, ignored: 1 },
    rejections: { open: 1, forced_open: 1 },
  })
})

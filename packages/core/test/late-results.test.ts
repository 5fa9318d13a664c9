import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerStatus,
  consecutiveFailures,
  type Permit,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

type Settle = 'success' | 'failure' | 'ignore' | 'dispose'
type Moment = (breaker: CircuitBreaker, clock: ManualClock) => void

const OPEN_MS = 1_000
const options: CircuitBreakerOptions = {
  trip: consecutiveFailures(2),
  openMs: OPEN_MS,
  // One more of either would decide.
  halfOpen: { successesToClose: 2, failuresToOpen: 2, maxConcurrent: 2 },
}

/** Ways to get from where the call was admitted to another state. In half-open and closed, one result short of leaving. */
const whileClosed: Record<string, Moment> = {
  open: (breaker) => fail(breaker, 2),
  'half-open': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(OPEN_MS)
    succeed(breaker)
    fail(breaker)
  },
  'half-open with all places taken': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(OPEN_MS)
    breaker.acquire()
    breaker.acquire()
  },
  'closed again': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(OPEN_MS)
    succeed(breaker, 2)
    fail(breaker)
  },
  'closed again by a reset': (breaker) => {
    fail(breaker, 2)
    breaker.reset()
    fail(breaker)
  },
  'forced open': (breaker) => void breaker.forceOpen({ reason: 'test' }),
  disabled: (breaker) => void breaker.disable({ reason: 'test' }),
  tripped: (breaker) => void breaker.trip({ reason: 'test' }),
}
const whileHalfOpen: Record<string, Moment> = {
  'open again': (breaker) => fail(breaker, 2),
  'in the next half-open': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(OPEN_MS)
    succeed(breaker)
    fail(breaker)
  },
  'in the next half-open with all places taken': (breaker, clock) => {
    fail(breaker, 2)
    clock.advance(OPEN_MS)
    breaker.acquire()
    breaker.acquire()
  },
  closed: (breaker) => {
    succeed(breaker, 2)
    fail(breaker)
  },
  'forced open': (breaker) => void breaker.forceOpen({ reason: 'test' }),
  disabled: (breaker) => void breaker.disable({ reason: 'test' }),
}
const whileDisabled: Record<string, Moment> = {
  'closed again': (breaker) => {
    breaker.reset()
    fail(breaker)
  },
  open: (breaker) => {
    breaker.reset()
    fail(breaker, 2)
  },
}

/** What a late result must leave as it was. */
function moved({
  state,
  since,
  openedAt,
  retryAfterMs,
  trip,
  halfOpen,
  transitions,
  recentFailures,
}: CircuitBreakerStatus): unknown {
  return { state, since, openedAt, retryAfterMs, trip, halfOpen, transitions, recentFailures }
}

function settle(permit: Permit, how: Settle): void {
  if (how === 'dispose') permit[Symbol.dispose]()
  else permit[how]()
}

const admissions: [where: string, Moment, Record<string, Moment>][] = [
  ['closed', () => {}, whileClosed],
  [
    'half-open',
    (breaker, clock) => {
      breaker.trip({ reason: 'test' })
      clock.advance(OPEN_MS)
    },
    whileHalfOpen,
  ],
  ['disabled', (breaker) => void breaker.disable({ reason: 'test' }), whileDisabled],
]
const ways: Settle[] = ['success', 'failure', 'ignore', 'dispose']

for (const [where, arrive, moments] of admissions) {
  for (const [when, leave] of Object.entries(moments)) {
    test.for(ways)(`a late %s of a call admitted while ${where} moves nothing when the breaker is ${when}`, (how) => {
      const clock = new ManualClock()
      const breaker = new CircuitBreaker('payments', { ...options, clock })
      arrive(breaker, clock)
      const late = breaker.acquire()
      leave(breaker, clock)
      clock.advance(10)
      const transitions = hear(breaker, 'transition')
      const before = breaker.status()

      settle(late, how)

      const after = breaker.status()
      expect(moved(after)).toEqual(moved(before))
      expect(transitions).toEqual([])
      const verdict = how === 'dispose' ? 'failure' : how === 'ignore' ? 'ignored' : how
      expect(after.totals).toEqual({
        ...before.totals,
        active: before.totals.active - 1,
        stale: before.totals.stale + 1,
        [verdict]: before.totals[verdict] + 1,
      })
    })
  }
}

test('a reset of a closed breaker is no change of state: calls in flight still count', () => {
  const breaker = new CircuitBreaker('payments', { ...options, clock: new ManualClock() })
  const calls = [breaker.acquire(), breaker.acquire()]

  breaker.reset()
  for (const call of calls) call.failure()

  expect(breaker.status()).toMatchObject({ state: 'open', totals: { stale: 0 } })
})

test('a late result is a stale event with its verdict, and no event of the verdict', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { ...options, clock })
  const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
  fail(breaker, 2)
  const verdicts = [hear(breaker, 'success'), hear(breaker, 'failure'), hear(breaker, 'ignored')]
  const stale = hear(breaker, 'stale')
  clock.advance(20)
  const error = new Error('late')

  first.success()
  second.failure(error)
  third.ignore()

  expect(stale).toEqual([
    { breaker: 'payments', durationMs: 20, probe: false, verdict: 'success' },
    { breaker: 'payments', durationMs: 20, probe: false, verdict: 'failure', error },
    { breaker: 'payments', durationMs: 20, probe: false, verdict: 'ignored' },
  ])
  expect(verdicts).toEqual([[], [], []])
})

test('a late failure is counted by its type but does not push out the evidence of why the breaker opened', () => {
  const breaker = new CircuitBreaker('payments', { ...options, clock: new ManualClock() })
  const late = Array.from({ length: 20 }, () => breaker.acquire())
  fail(breaker, 2, new RangeError('the reason'))

  for (const permit of late) permit.failure(new SyntaxError('late'))

  expect(breaker.status().recentFailures.map(({ message }) => message)).toEqual(['the reason', 'the reason'])
  expect(breaker.status().failuresByType).toEqual({ RangeError: 2, SyntaxError: 20 })
})

test('a caller gets its late result as any other', async () => {
  const breaker = new CircuitBreaker('payments', { ...options, clock: new ManualClock() })
  const work = Promise.withResolvers<string>()
  const error = new Error('late')
  const late = breaker.execute(() => work.promise)
  const lateFailure = breaker.execute(async () => {
    await work.promise
    throw error
  })
  fail(breaker, 2)

  work.resolve('late')

  expect(await late).toBe('late')
  await expect(lateFailure).rejects.toBe(error)
})

test('a late result ends no lease that is over: the next call does', () => {
  const clock = new ManualClock()
  const halfOpen = { failuresToOpen: 1, probeTimeoutMs: 500 }
  const breaker = new CircuitBreaker('payments', { clock, ...options, halfOpen })
  const late = breaker.acquire()
  fail(breaker, 2)
  clock.advance(OPEN_MS)
  breaker.acquire()
  clock.advance(500)

  late.success()
  expect(breaker.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 1, failures: 0 } })

  breaker.tryAcquire()
  expect(breaker.state).toBe('open')
})

test('a late success of a call by execute moves nothing either', async () => {
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), ...options })
  const work = Promise.withResolvers<void>()
  const call = breaker.execute(() => work.promise)
  fail(breaker, 2)
  breaker.reset()
  fail(breaker)

  work.resolve()
  await call
  expect(breaker.status()).toMatchObject({ trip: [{ value: 1 }], totals: { success: 1, stale: 1 } })

  fail(breaker)
  expect(breaker.state).toBe('open')
})

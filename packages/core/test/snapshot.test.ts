import { expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerSnapshot,
  consecutiveFailures,
  failureRate,
  type TripTracker,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

const WALL = 1_700_000_000_000
const options: CircuitBreakerOptions = {
  trip: consecutiveFailures(3),
  openMs: 1_000,
  halfOpen: { successesToClose: 2 },
}

function fresh(more: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 90_000, wallNow: WALL })
  return { breaker: new CircuitBreaker('payments', { ...options, clock, ...more }), clock }
}

/** What another process reads of a breaker's snapshot. */
function written(breaker: CircuitBreaker): CircuitBreakerSnapshot {
  return JSON.parse(JSON.stringify(breaker.snapshot())) as CircuitBreakerSnapshot
}

/** The breaker in a process that starts so much later, by a wall clock that both have. */
function later(
  snapshot: CircuitBreakerSnapshot,
  ms: number,
  more: CircuitBreakerOptions = {},
): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 7, wallNow: WALL + ms })
  return { breaker: new CircuitBreaker('payments', { ...options, clock, restore: snapshot, ...more }), clock }
}

test('a snapshot is plain JSON, and taking it changes nothing', () => {
  const { breaker } = fresh()
  fail(breaker, 3)
  const before = breaker.status()

  const snapshot = breaker.snapshot()

  expect(JSON.parse(JSON.stringify(snapshot))).toStrictEqual(snapshot)
  expect(breaker.status()).toEqual(before)
})

test('a snapshot of a window without an end is plain JSON too', () => {
  const { breaker } = fresh({ trip: failureRate({ window: { ms: Number.POSITIVE_INFINITY } }) })

  expect(written(breaker)).toStrictEqual(breaker.snapshot())
})

test('a closed breaker goes on with the failures that it has counted', () => {
  const { breaker } = fresh()
  fail(breaker, 2)

  const restored = later(written(breaker), 50).breaker
  expect(restored.status()).toMatchObject({ state: 'closed', since: WALL, trip: [{ value: 2 }] })

  fail(restored)
  expect(restored.state).toBe('open')
})

test('an open breaker waits for the rest of its open time, which went on between the processes', () => {
  const { breaker, clock } = fresh()
  fail(breaker, 3)
  clock.advance(400)

  const { breaker: restored, clock: ticking } = later(written(breaker), 400 + 250)

  expect(restored.status()).toMatchObject({ state: 'open', since: WALL, openedAt: WALL, retryAfterMs: 350 })
  ticking.advance(350)
  expect(restored.acquire().probe).toBe(true)
})

test('an open time that ended between the processes is over', () => {
  const { breaker } = fresh()
  fail(breaker, 3)

  const { breaker: restored } = later(written(breaker), 3_600_000)

  expect(restored.status()).toMatchObject({ state: 'half_open', since: WALL + 1_000 })
  expect(restored.acquire().probe).toBe(true)
})

test('an open time that ended before the snapshot was taken is over', () => {
  const { breaker, clock } = fresh()
  fail(breaker, 3)
  clock.advance(5_000)
  const snapshot = written(breaker)

  expect(snapshot).toMatchObject({ state: 'open', remainingMs: 0 })
  expect(later(snapshot, 5_000).breaker.state).toBe('half_open')
})

test('calls in a window by time go on to age between the processes', () => {
  const trip = failureRate({ window: { ms: 10_000 }, minimumCalls: 1 })
  const { breaker, clock } = fresh({ trip })
  succeed(breaker, 4)
  clock.advance(4_000)
  const snapshot = written(breaker)
  const callsAfter = (ms: number): unknown => later(snapshot, 4_000 + ms, { trip }).breaker.status().trip[0]?.calls

  expect([callsAfter(0), callsAfter(3_000), callsAfter(6_000)]).toEqual([4, 4, 0])
})

test('a wall clock that is behind makes no open time longer', () => {
  const { breaker } = fresh()
  fail(breaker, 3)

  expect(later(written(breaker), -3_600_000).breaker.status().retryAfterMs).toBe(1_000)
})

test('an open time without an end has none in the other process', () => {
  const { breaker } = fresh({ openMs: Number.POSITIVE_INFINITY })
  fail(breaker, 3)

  expect(breaker.snapshot().remainingMs).toBeNull()
  const { breaker: restored, clock } = later(written(breaker), 1_000)
  clock.advance(1e12)

  expect(restored.state).toBe('open')
})

test('a snapshot that does not say when the breaker opened gives a breaker that does not either', () => {
  const { breaker } = fresh()
  fail(breaker, 3)
  const { opened: _, ...snapshot } = written(breaker)

  const error = thrownBy(() => later(snapshot, 0).breaker.acquire())

  expect(error).toMatchObject({ reason: 'open', openedAt: undefined, retryAfterMs: 1_000 })
  expect(error).not.toHaveProperty('cause')
})

test('a breaker that is restored half-open is available', () => {
  const { breaker, clock } = fresh()
  fail(breaker, 3)
  clock.advance(1_000)
  breaker.acquire()

  const { breaker: restored } = later(written(breaker), 1_000)

  expect(restored.isAvailable()).toBe(true)
  expect(restored.status()).not.toHaveProperty('retryAfterMs')
})

test('half-open starts its probes again, as those of the other process are its own', () => {
  const { breaker, clock } = fresh()
  fail(breaker, 3)
  clock.advance(1_000)
  succeed(breaker)
  breaker.acquire()

  const { breaker: restored } = later(written(breaker), 1_000)

  expect(restored.status()).toMatchObject({ state: 'half_open', halfOpen: { inFlight: 0, successes: 0 } })
  succeed(restored, 2)
  expect(restored.state).toBe('closed')
})

test.for(['forceOpen', 'disable'] as const)(
  '%s goes on with its reason, its actor and the rest of its time',
  (method) => {
    const { breaker, clock } = fresh()
    breaker[method]({ reason: 'maintenance', actor: 'alice', forMs: 5_000 })
    clock.advance(1_000)

    const { breaker: restored, clock: ticking } = later(written(breaker), 2_000)
    const state = method === 'forceOpen' ? 'forced_open' : 'disabled'
    expect(restored.status()).toMatchObject({
      state,
      override: { reason: 'maintenance', actor: 'alice', until: WALL + 5_000 },
    })

    ticking.advance(2_999)
    expect(restored.state).toBe(state)
    ticking.advance(1)
    expect(restored.state).toBe(method === 'forceOpen' ? 'half_open' : 'closed')
  },
)

test('an override that has lost its reason says that it was restored', () => {
  const { breaker } = fresh()
  breaker.forceOpen({ reason: 'maintenance' })
  const { override: _, ...snapshot } = written(breaker)

  expect(later(snapshot, 0).breaker.status()).toMatchObject({ state: 'forced_open', override: { reason: 'restored' } })
})

test('the openings in a row go on', () => {
  const openMs = ({ attempt }: { attempt: number }): number => attempt * 1_000
  const { breaker, clock } = fresh({ openMs })
  fail(breaker, 3)
  clock.advance(1_000)
  fail(breaker)

  const { breaker: restored, clock: ticking } = later(written(breaker), 1_000, { openMs })
  expect(restored.status().retryAfterMs).toBe(2_000)
  ticking.advance(2_000)
  fail(restored)

  expect(restored.status().retryAfterMs).toBe(3_000)
})

test('the evidence goes on, and is not redacted a second time', () => {
  const { breaker } = fresh()
  fail(breaker, 3, new RangeError('GET https://alice:secret@host/ failed'))
  const snapshot = written(breaker)
  expect(JSON.stringify(snapshot)).not.toContain('secret')

  const { breaker: restored } = later(snapshot, 0, { redact: () => 'redacted' })

  expect(restored.status()).toMatchObject({
    recentFailures: breaker.status().recentFailures,
    openedAt: WALL,
    openedBy: { trigger: 'consecutive_failures', window: [{ value: 3 }] },
  })
})

test('a snapshot stays as it is when a breaker goes on from it', () => {
  const { breaker } = fresh()
  fail(breaker, 2)
  const snapshot = written(breaker)
  const before = structuredClone(snapshot)

  fail(later(snapshot, 0).breaker)

  expect(snapshot).toEqual(before)
})

test('totals, and time in each state, are counted by each process for itself', () => {
  const { breaker, clock } = fresh()
  fail(breaker, 3)
  clock.advance(400)

  const { breaker: restored, clock: ticking } = later(written(breaker), 400)
  ticking.advance(100)

  const { totals, timeInState, transitions } = restored.status()
  expect(totals).toMatchObject({ success: 0, failure: 0, active: 0 })
  expect(timeInState).toMatchObject({ closed: 0, open: 100 })
  expect(transitions).toEqual([])
})

test('time in state of a state that had ended before the process began is the next one’s', () => {
  const { breaker } = fresh()
  fail(breaker, 3)

  const { breaker: restored, clock } = later(written(breaker), 9_000)
  clock.advance(100)

  expect(restored.status().timeInState).toMatchObject({ open: 0, half_open: 100 })
})

test('a restored breaker makes its transitions as any other', () => {
  const { breaker } = fresh()
  fail(breaker, 3)
  const { breaker: restored, clock } = later(written(breaker), 0)
  const transitions = hear(restored, 'transition')

  clock.advance(1_000)
  succeed(restored, 2)

  expect(transitions.map(({ from, to, dwellMs }) => [from, to, dwellMs])).toEqual([
    ['open', 'half_open', 1_000],
    ['half_open', 'closed', 0],
  ])
})

test.for(['2', -1, null, {}, 3, 9])('a count of %j, which the policy cannot have, is left out', (window) => {
  const { breaker: restored } = later({ ...written(fresh().breaker), window }, 0)

  expect(restored.status().trip).toEqual([expect.objectContaining({ value: 0 })])
})

test('a policy that cannot save or load starts anew', () => {
  const bare = {
    timed: false,
    createTracker: (): TripTracker => ({ record: () => undefined, readings: () => [], clear: () => {} }),
  }
  const { breaker } = fresh({ trip: bare })
  fail(breaker, 2)
  const snapshot = written(breaker)

  expect(snapshot).not.toHaveProperty('window')
  expect(breaker.status().warnings).toEqual({})
  expect(later(snapshot, 0).breaker.status().trip).toEqual([expect.objectContaining({ value: 0 })])
  expect(later({ ...snapshot, window: 2 }, 0, { trip: bare }).breaker.status().warnings).toEqual({})
})

test('a policy is not asked to load what nobody has saved', () => {
  const load = vi.fn()
  const tracker: TripTracker = { record: () => undefined, readings: () => [], clear: () => {}, load }
  const trip = { timed: false, createTracker: () => tracker }
  const { breaker } = fresh({ trip })

  later(written(breaker), 0, { trip })

  expect(load).not.toHaveBeenCalled()
})

test('a policy that throws as it saves or loads starts anew, with a warning', () => {
  const throwing = (): never => {
    throw new Error('mistake in the policy')
  }
  const tracker = { record: () => undefined, readings: () => [], clear: () => {}, save: throwing, load: throwing }
  const trip = { timed: false, createTracker: (): TripTracker => tracker }
  const { breaker } = fresh({ trip })
  const warnings = hear(breaker, 'warning')

  expect(breaker.snapshot()).not.toHaveProperty('window')
  expect(warnings).toEqual([expect.objectContaining({ code: 'trip_policy_threw' })])

  const restored = new CircuitBreaker('payments', { trip, restore: { ...written(breaker), window: 5 } })
  expect(restored.status()).toMatchObject({ state: 'closed', warnings: { trip_policy_threw: 1 } })
})

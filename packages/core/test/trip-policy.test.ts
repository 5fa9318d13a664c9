import { expect, test, vi } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, type TripPolicy, type TripTracker } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

const mistake = new Error('mistake in the policy')
const throwing = (): never => {
  throw mistake
}

/** A policy of one's own that trips when its function says so. */
function policy(tracker: Partial<TripTracker>, timed = false): TripPolicy {
  return { timed, createTracker: () => ({ record: () => undefined, readings: () => [], clear: () => {}, ...tracker }) }
}

function judged(
  trip: TripPolicy,
  options: CircuitBreakerOptions = {},
): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 100 })
  return { breaker: new CircuitBreaker('payments', { clock, trip, openMs: 1_000, ...options }), clock }
}

test('a policy of one’s own trips by its name', () => {
  const { breaker } = judged(
    policy({
      record: (verdict) => (verdict === 'failure' ? 'any_failure' : undefined),
      readings: () => [{ policy: 'any_failure', threshold: 1, value: 0 }],
    }),
  )
  const transitions = hear(breaker, 'transition')

  succeed(breaker)
  fail(breaker)

  expect(breaker.state).toBe('open')
  expect(transitions).toEqual([
    expect.objectContaining({ trigger: 'any_failure', window: [{ policy: 'any_failure', threshold: 1, value: 0 }] }),
  ])
  expect(breaker.status().trip).toEqual([{ policy: 'any_failure', threshold: 1, value: 0 }])
})

test('a policy may trip on a success', () => {
  const { breaker } = judged(policy({ record: (verdict) => (verdict === 'success' ? 'too_good' : undefined) }))

  succeed(breaker)

  expect(breaker.state).toBe('open')
})

test('a timed policy is told the duration and the time of every call', () => {
  const record = vi.fn<TripTracker['record']>(() => undefined)
  const { breaker, clock } = judged(policy({ record }, true))
  const [first, second] = [breaker.acquire(), breaker.acquire()]

  clock.advance(30)
  first.success()
  clock.advance(5)
  second.failure()

  expect(record.mock.calls).toEqual([
    ['success', 30, 130],
    ['failure', 35, 135],
  ])
})

test('a policy that is not timed gets zeros for a success', () => {
  const record = vi.fn<TripTracker['record']>(() => undefined)
  const { breaker, clock } = judged(policy({ record }))
  const permit = breaker.acquire()
  clock.advance(30)

  permit.success()

  expect(record.mock.calls).toEqual([['success', 0, 0]])
})

test('a policy hears of every judged call of the closed state and of no other', () => {
  const record = vi.fn<TripTracker['record']>(() => undefined)
  const { breaker, clock } = judged(policy({ record }))
  succeed(breaker)
  breaker.acquire().ignore()
  const late = breaker.acquire()
  breaker.trip({ reason: 'test' })
  late.failure()
  clock.advance(1_000)
  fail(breaker)
  breaker.disable({ reason: 'test' })
  fail(breaker)
  breaker.reset()
  fail(breaker)

  expect(record.mock.calls.map(([verdict]) => verdict)).toEqual(['success', 'failure'])
})

test('a policy is cleared at every transition', () => {
  const clear = vi.fn()
  const { breaker, clock } = judged(policy({ clear }), { halfOpen: { successesToClose: 1 } })

  breaker.trip({ reason: 'test' })
  expect(clear).toHaveBeenCalledTimes(1)
  clock.advance(1_000)
  succeed(breaker)
  expect(clear).toHaveBeenCalledTimes(3)
  breaker.disable({ reason: 'test' })
  expect(clear).toHaveBeenCalledTimes(4)
})

test('each breaker has a tracker of its own, made when the breaker is', () => {
  const createTracker = vi.fn(() => ({ record: () => undefined, readings: () => [], clear: () => {} }))
  const trip = { timed: false, createTracker }
  judged(trip)
  judged(trip)

  expect(createTracker).toHaveBeenCalledTimes(2)
})

test('a record that throws trips nothing and is one warning', async () => {
  const { breaker } = judged(policy({ record: throwing }))
  const warnings = hear(breaker, 'warning')

  expect(await breaker.execute(() => 'result')).toBe('result')
  fail(breaker, 3)

  expect(breaker.status()).toMatchObject({ state: 'closed', totals: { success: 1, failure: 3, active: 0 } })
  expect(warnings).toEqual([expect.objectContaining({ code: 'trip_policy_threw', error: mistake })])
})

test('readings that throw are none, and one warning', () => {
  const { breaker } = judged(policy({ readings: throwing }))
  const warnings = hear(breaker, 'warning')

  expect(breaker.status().trip).toEqual([])
  breaker.status()
  breaker.trip({ reason: 'test' })

  expect(breaker.state).toBe('open')
  expect(warnings).toEqual([expect.objectContaining({ code: 'trip_policy_threw', error: mistake })])
})

test('a clear that throws does not stop a transition, and is one warning', async () => {
  const { breaker, clock } = judged(
    policy({ clear: throwing, record: (verdict) => (verdict === 'failure' ? 'any' : undefined) }),
  )
  const warnings = hear(breaker, 'warning')
  const transitions = hear(breaker, 'transition')
  const error = new Error('down')

  await expect(breaker.execute(() => Promise.reject(error))).rejects.toBe(error)
  clock.advance(1_000)
  succeed(breaker, 3)
  breaker.reset()

  expect(breaker.state).toBe('closed')
  expect(transitions).toHaveLength(3)
  expect(warnings).toEqual([expect.objectContaining({ code: 'trip_policy_threw', error: mistake })])
})

test('slow successes are counted by a policy that knows when a call is slow, though it asks for no times', () => {
  const { breaker, clock } = judged({ ...policy({}), slowMs: 50 })
  const permit = breaker.acquire()
  clock.advance(50)

  permit.success()
  succeed(breaker)

  expect(breaker.status().totals).toMatchObject({ success: 2, slow: 1 })
})

test.each([
  ['record', { record: throwing }],
  ['readings', { readings: throwing }],
  ['clear', { clear: throwing }],
] as const)('a policy that throws in %s is reported by the method’s name', (method, tracker) => {
  const { breaker } = judged(policy(tracker))
  const warnings = hear(breaker, 'warning')

  fail(breaker)
  breaker.status()
  breaker.reset()

  expect(warnings).toMatchObject([{ message: `the trip policy threw in ${method}()`, error: mistake }])
})

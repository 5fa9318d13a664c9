import { describe, expect, test } from 'vitest'
import {
  anyOf,
  CircuitBreaker,
  CircuitBreakerRegistry,
  consecutiveFailures,
  failureRate,
  slowCallRate,
  type TripPolicy,
  type TripTracker,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

const clock = new ManualClock()

/** A policy of somebody's own, of which only some is written out. */
function policyOf(tracker: Partial<TripTracker>): TripPolicy {
  const nothing: TripTracker = { record: () => undefined, readings: () => [], clear: () => {} }
  return { timed: false, createTracker: () => ({ ...nothing, ...tracker }) }
}

function triggerOf(trip: TripPolicy, drive: (breaker: CircuitBreaker) => void): string | undefined {
  const breaker = new CircuitBreaker('payments', { clock, trip })
  const transitions = hear(breaker, 'transition')
  drive(breaker)
  return transitions[0]?.trigger
}

describe('a breaker with several policies', () => {
  const trip = anyOf(consecutiveFailures(3), failureRate({ threshold: 0.4, minimumCalls: 5, window: { calls: 10 } }))

  test('opens by whichever comes first, and says which', () => {
    expect(triggerOf(trip, (breaker) => fail(breaker, 3))).toBe('consecutive_failures')

    const mix = (breaker: CircuitBreaker): void => {
      fail(breaker, 2)
      succeed(breaker, 3)
    }
    expect(triggerOf(trip, mix)).toBe('failure_rate')
  })

  test('names the first in its order when one call trips two', () => {
    const [rate, row] = [failureRate({ minimumCalls: 2 }), consecutiveFailures(2)]

    expect(triggerOf(anyOf(rate, row), (breaker) => fail(breaker, 2))).toBe('failure_rate')
    expect(triggerOf(anyOf(row, rate), (breaker) => fail(breaker, 2))).toBe('consecutive_failures')
  })

  test('has a reading for each, in the order in which they were given', () => {
    const breaker = new CircuitBreaker('payments', { clock, trip })
    succeed(breaker, 4)
    fail(breaker)

    expect(breaker.status().trip).toEqual([
      { policy: 'consecutive_failures', threshold: 3, value: 1 },
      { policy: 'failure_rate', threshold: 0.4, value: 0.2, calls: 5, minimumCalls: 5 },
    ])
  })

  test('shows a call to all of them, to those after the one that trips too', () => {
    const transitions = hear(new CircuitBreaker('unused'), 'transition')
    const breaker = new CircuitBreaker('payments', { clock, trip: anyOf(consecutiveFailures(1), trip) })
    breaker.on('transition', (event) => void transitions.push(event))

    fail(breaker)

    expect(transitions[0]?.window).toMatchObject([{ value: 1 }, { value: 1 }, { calls: 1 }])
  })

  test('forgets the calls of all of them when its state changes', () => {
    const breaker = new CircuitBreaker('payments', { clock, trip })
    fail(breaker, 2)

    breaker.disable({ reason: 'test' })[Symbol.dispose]()

    expect(breaker.status().trip).toMatchObject([{ value: 0 }, { calls: 0 }])
  })

  test('may have two of one kind', () => {
    const both = anyOf(
      failureRate({ threshold: 1, minimumCalls: 3, window: { calls: 3 } }),
      failureRate({ threshold: 0.5, minimumCalls: 8, window: { calls: 8 } }),
    )
    const alternate = (breaker: CircuitBreaker): void => {
      for (let i = 0; i < 4; i++) {
        fail(breaker)
        succeed(breaker)
      }
    }

    expect(triggerOf(both, (breaker) => fail(breaker, 3))).toBe('failure_rate')
    expect(triggerOf(both, alternate)).toBe('failure_rate')
  })
})

test('policies inside policies are as good as side by side', () => {
  const [a, b, c] = [consecutiveFailures(2), failureRate(), slowCallRate({ slowMs: 100 })]

  expect(anyOf(anyOf(a, b), anyOf(anyOf(c)))).toEqual(anyOf(a, b, c))
})

test('it is timed if one of the policies is', () => {
  const [untimed, timed] = [consecutiveFailures(2), failureRate({ window: { ms: 1000 } })]

  expect([anyOf(untimed).timed, anyOf(untimed, timed).timed]).toEqual([false, true])
})

test('a call is slow by the smallest slowMs of the policies, where one has it', () => {
  const [slow, slower] = [slowCallRate({ slowMs: 100 }), slowCallRate({ slowMs: 500 })]

  expect(anyOf(slower, consecutiveFailures(2), slow).slowMs).toBe(100)
  expect(anyOf(slowCallRate({ slowMs: Number.POSITIVE_INFINITY })).slowMs).toBe(Number.POSITIVE_INFINITY)
  expect('slowMs' in anyOf(consecutiveFailures(2))).toBe(false)
})

test('its policies cannot be changed', () => {
  const trip = anyOf(consecutiveFailures(2))

  expect(() => Object.assign(trip, { policies: [] })).toThrow(TypeError)
  expect(() => (trip as unknown as { policies: unknown[] }).policies.push(failureRate())).toThrow(TypeError)
})

test('a policy that throws does not keep the others from opening the breaker', () => {
  const broken = policyOf({
    record: () => {
      throw new Error('a mistake in the policy')
    },
  })
  const breaker = new CircuitBreaker('payments', { clock, trip: anyOf(broken, consecutiveFailures(2)) })
  const warnings = hear(breaker, 'warning')

  fail(breaker)
  expect(warnings).toMatchObject([{ code: 'trip_policy_threw', error: { message: 'a mistake in the policy' } }])

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('of several policies that throw the first is reported', () => {
  const broken = (message: string): TripPolicy =>
    policyOf({
      record: () => {
        throw new Error(message)
      },
    })
  const breaker = new CircuitBreaker('payments', { clock, trip: anyOf(broken('first'), broken('second')) })
  const warnings = hear(breaker, 'warning')

  fail(breaker)

  expect(warnings).toMatchObject([{ error: { message: 'first' } }])
})

test('it is clear when all of them are', () => {
  const tracker = anyOf(consecutiveFailures(5), failureRate({ window: { ms: 1000 } })).createTracker()
  expect(tracker.isClear?.(0)).toBe(true)

  tracker.record('failure', 0, 0)
  tracker.record('success', 0, 0)
  expect(tracker.isClear?.(0)).toBe(false)
  expect(tracker.isClear?.(1000)).toBe(true)
})

test('it is never clear with a policy that cannot tell', () => {
  expect(anyOf(consecutiveFailures(5), policyOf({})).createTracker().isClear?.(0)).toBe(false)
})

test('what all of them have counted is saved, and each goes on from its own part', () => {
  const policy = anyOf(consecutiveFailures(5), policyOf({}), failureRate(), slowCallRate({ slowMs: 100 }))
  const [first, second] = [policy.createTracker(), policy.createTracker()]
  for (let i = 0; i < 4; i++) first.record('failure', i * 50, 0)

  second.load?.(JSON.parse(JSON.stringify(first.save?.(0))), 0)

  expect(second.readings(0)).toMatchObject([{ value: 4 }, { calls: 4 }, { calls: 4 }])
  for (let i = 0; i < 6; i++) second.record('success', 0, 0)
  expect(second.readings(0)).toMatchObject([{ value: 0 }, { value: 0.4 }, { value: 0.2 }])
})

test.each([
  ['of another number of policies', anyOf(failureRate())],
  ['of other policies', anyOf(slowCallRate({ slowMs: 0 }), slowCallRate({ slowMs: 0 }))],
  ['of one policy', failureRate()],
])('what was saved %s is left alone', (_what, other) => {
  const [first, second] = [other.createTracker(), anyOf(failureRate(), failureRate()).createTracker()]
  first.record('failure', 0, 0)

  second.load?.(first.save?.(0), 0)
  second.load?.(null, 0)

  expect(second.readings(0)).toMatchObject([{ calls: 0 }, { calls: 0 }])
})

test('a registry takes the same policies for the same, and others for others', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', { trip: anyOf(consecutiveFailures(2), failureRate()) })

  registry.get('payments', { trip: anyOf(consecutiveFailures(2), failureRate()) })
  expect(warnings).toEqual([])

  registry.get('payments', { trip: anyOf(failureRate(), consecutiveFailures(2)) })
  expect(warnings).toMatchObject([{ code: 'options_differ' }])
})

test.for<[policies: unknown[], option: string]>([
  [[], 'anyOf()'],
  [[consecutiveFailures(1), undefined], 'anyOf(policy 2)'],
  [[[consecutiveFailures(1)]], 'anyOf(policy 1)'],
  [[{ timed: false }], 'anyOf(policy 1)'],
])('anyOf(...%j) is refused', ([policies, option]) => {
  expect(thrownBy(() => anyOf(...(policies as TripPolicy[])))).toMatchObject({
    name: 'CircuitBreakerConfigError',
    option,
    allowed: 'trip policies, at least one',
  })
})

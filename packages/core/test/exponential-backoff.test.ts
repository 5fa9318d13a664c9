import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  exponentialBackoff,
  type ExponentialBackoffOptions,
  failureRate,
  type OpenPolicy,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

/** How long the first openings in a row last. */
function openings(policy: OpenPolicy, count: number): number[] {
  return Array.from({ length: count }, (_, index) => openMs(policy, index + 1))
}

function openMs(policy: OpenPolicy, attempt: number): number {
  return policy.openMs({ trigger: 'probe_failed', error: undefined, attempt })
}

describe('without jitter', () => {
  test('each opening is twice as long as the one before, from 5 seconds to 5 minutes', () => {
    expect(openings(exponentialBackoff({ jitter: 0 }), 9)).toEqual([
      5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000,
    ])
  })

  test('a factor of 1 keeps to the first length', () => {
    expect(openings(exponentialBackoff({ initialMs: 100, factor: 1, jitter: 0 }), 3)).toEqual([100, 100, 100])
    expect(openings(exponentialBackoff({ initialMs: 100, maxMs: 100, factor: 1, jitter: 0 }), 2)).toEqual([100, 100])
  })

  test('a factor may be a fraction above 1', () => {
    expect(openings(exponentialBackoff({ initialMs: 100, maxMs: 200, factor: 1.5, jitter: 0 }), 3)).toEqual([
      100, 150, 200,
    ])
  })

  test('the cap is reached exactly, never exceeded, and held for ever', () => {
    const options = fc.record({
      initialMs: fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      times: fc.double({ min: 1, max: 1e9, noNaN: true }),
      factor: fc.double({ min: 1.01, max: 1e6, noNaN: true }),
    })
    fc.assert(
      fc.property(options, ({ initialMs, times, factor }) => {
        const maxMs = initialMs * times
        const policy = exponentialBackoff({ initialMs, maxMs, factor, jitter: 0 })
        const most = policy.maxAttempt ?? Number.NaN
        for (let attempt = 1; attempt < Math.min(most, 100); attempt++) {
          expect(openMs(policy, attempt)).toBe(Math.min(maxMs, initialMs * factor ** (attempt - 1)))
        }
        expect(openMs(policy, most)).toBe(maxMs)
        expect(openMs(policy, most + 1_000_000)).toBe(maxMs)
        // And not before it is due: an opening less is shorter, but for the last digits.
        if (most > 1) expect(openMs(policy, most - 1)).toBeLessThan(maxMs * (1 + 1e-9))
      }),
    )
  })

  test('the cap is met to the last digit where it is next to a power of the factor', () => {
    const above = 1000 * (1 + Number.EPSILON)
    expect(openMs(exponentialBackoff({ initialMs: 1, maxMs: above, factor: 10, jitter: 0 }), 4)).toBe(above)
    const below = 27 * (1 - Number.EPSILON / 2)
    expect(openMs(exponentialBackoff({ initialMs: 1, maxMs: below, factor: 3, jitter: 0 }), 4)).toBe(below)
  })

  test('a number of openings at which the power overflows is the cap', () => {
    expect(openMs(exponentialBackoff({ initialMs: 1, maxMs: 1e300, jitter: 0 }), 1e6)).toBe(1e300)
    expect(openMs(exponentialBackoff({ maxMs: Number.POSITIVE_INFINITY, jitter: 0 }), 1e6)).toBe(
      Number.POSITIVE_INFINITY,
    )
  })

  test('a first opening longer than 5 minutes is the cap too', () => {
    expect(openings(exponentialBackoff({ initialMs: 600_000, jitter: 0 }), 2)).toEqual([600_000, 600_000])
  })

  test('a first opening of Infinity has no end', () => {
    expect(openings(exponentialBackoff({ initialMs: Number.POSITIVE_INFINITY }), 2)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ])
  })
})

test('the openings that are counted end where the cap is reached', () => {
  expect(exponentialBackoff().maxAttempt).toBe(7)
  expect(exponentialBackoff({ initialMs: 1000, maxMs: 8000 }).maxAttempt).toBe(4)
  expect(exponentialBackoff({ initialMs: 100, maxMs: 100, factor: 1 }).maxAttempt).toBe(1)
  expect(exponentialBackoff({ initialMs: Number.POSITIVE_INFINITY }).maxAttempt).toBe(1)
  expect(exponentialBackoff({ factor: 1 }).maxAttempt).toBe(Number.POSITIVE_INFINITY)
})

describe('jitter', () => {
  test('takes away up to its part of the time, half by default', () => {
    const withChance = (chance: number): number[] => openings(exponentialBackoff({ random: () => chance }), 2)

    expect(withChance(0)).toEqual([5_000, 10_000])
    expect(withChance(0.5)).toEqual([3_750, 7_500])
    expect(withChance(0.999_999)).toEqual([expect.closeTo(2_500, 1), expect.closeTo(5_000, 1)])
  })

  test('of 1 takes away anything from nothing to all', () => {
    expect(openMs(exponentialBackoff({ jitter: 1, random: () => 0.9 }), 1)).toBeCloseTo(500)
  })

  test('spreads the longest openings too', () => {
    expect(openMs(exponentialBackoff({ random: () => 0.5 }), 100)).toBe(225_000)
  })

  test('asks Math.random, each time anew', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5)
    try {
      expect([openMs(exponentialBackoff(), 1), openMs(exponentialBackoff(), 1)]).toEqual([5_000, 3_750])
    } finally {
      random.mockRestore()
    }
  })
})

describe('a breaker', () => {
  const trip = failureRate({ minimumCalls: 1, window: { calls: 1 } })
  const backoff = exponentialBackoff({ initialMs: 1000, maxMs: 8000, jitter: 0, decayMs: 60_000 })

  function closed(): { breaker: CircuitBreaker; clock: ManualClock; untilProbe: () => number | undefined } {
    const clock = new ManualClock()
    const breaker = new CircuitBreaker('payments', { clock, trip, openMs: backoff, halfOpen: { successesToClose: 1 } })
    return { breaker, clock, untilProbe: () => breaker.status().retryAfterMs }
  }

  /** Fails, and fails each probe, until the breaker has opened so many times in a row. */
  function open(breaker: CircuitBreaker, clock: ManualClock, times: number): void {
    fail(breaker)
    for (let i = 1; i < times; i++) {
      clock.advance(breaker.status().retryAfterMs ?? Number.NaN)
      fail(breaker)
    }
  }

  test('stays open for longer with each probe that fails', () => {
    const { breaker, clock, untilProbe } = closed()
    const seen: unknown[] = []
    for (const times of [1, 1, 1, 1, 1]) {
      fail(breaker, times)
      seen.push(untilProbe())
      clock.advance(untilProbe() ?? Number.NaN)
    }
    expect(seen).toEqual([1000, 2000, 4000, 8000, 8000])
  })

  test('that fails again soon after its close goes on where it was', () => {
    const { breaker, clock, untilProbe } = closed()
    open(breaker, clock, 2)
    clock.advance(2000)
    succeed(breaker)
    expect(breaker.state).toBe('closed')

    clock.advance(59_999)
    fail(breaker)

    expect(untilProbe()).toBe(4000)
  })

  test('forgets one opening for each decayMs in which it was closed', () => {
    const { breaker, clock, untilProbe } = closed()
    open(breaker, clock, 3)
    clock.advance(4000)
    succeed(breaker)

    clock.advance(120_000)
    fail(breaker)

    expect(untilProbe()).toBe(2000)
  })

  test('that has been well for long starts with the shortest opening', () => {
    const { breaker, clock, untilProbe } = closed()
    open(breaker, clock, 3)
    clock.advance(4000)
    succeed(breaker)

    clock.advance(86_400_000)
    fail(breaker)

    expect(untilProbe()).toBe(1000)
  })

  test('after an outage of days has no more to forget than it takes to reach the cap', () => {
    const { breaker, clock, untilProbe } = closed()
    open(breaker, clock, 500)
    clock.advance(8000)
    succeed(breaker)

    clock.advance(4 * 60_000)
    fail(breaker)

    expect(untilProbe()).toBe(1000)
  })
})

test('by default one opening is forgotten in the time of the longest', () => {
  expect(exponentialBackoff({ maxMs: 40_000 }).decayMs).toBe(40_000)
  expect(exponentialBackoff().decayMs).toBe(300_000)
})

test('a registry takes the same numbers for the same policy, and others for another', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', { openMs: exponentialBackoff() })

  registry.get('payments', { openMs: exponentialBackoff({ factor: 2, random: () => 0.5 }) })
  expect(warnings).toEqual([])

  registry.get('payments', { openMs: exponentialBackoff({ factor: 3 }) })
  expect(warnings).toMatchObject([{ code: 'options_differ' }])
})

test('the numbers of a policy cannot be changed', () => {
  expect(() => Object.assign(exponentialBackoff(), { factor: 1 })).toThrow(TypeError)
})

test.for<[options: unknown, option: string, allowed: string]>([
  [{ initialMs: 0 }, 'initialMs', 'a number of ms above 0'],
  [{ initialMs: '5000' }, 'initialMs', 'a number of ms above 0'],
  [{ maxMs: 0 }, 'maxMs', 'a number of ms above 0'],
  [{ maxMs: 4999 }, 'maxMs', 'at least initialMs, which is 5000'],
  [{ factor: 0.9 }, 'factor', 'a number of at least 1'],
  [{ factor: Number.POSITIVE_INFINITY }, 'factor', 'a number of at least 1'],
  [{ factor: Number.NaN }, 'factor', 'a number of at least 1'],
  [{ jitter: -0.1 }, 'jitter', 'a number from 0 to 1'],
  [{ jitter: 1.1 }, 'jitter', 'a number from 0 to 1'],
  [{ jitter: true }, 'jitter', 'a number from 0 to 1'],
  [{ decayMs: 0 }, 'decayMs', 'a number of ms above 0'],
  [{ random: 0.5 }, 'random', 'a function'],
  [{ initalMs: 100 }, 'initalMs', 'did you mean exponentialBackoff.initialMs?'],
])('%j is refused', ([options, option, allowed]) => {
  expect(thrownBy(() => exponentialBackoff(options as ExponentialBackoffOptions))).toMatchObject({
    name: 'CircuitBreakerConfigError',
    option: `exponentialBackoff.${option}`,
    allowed,
  })
})

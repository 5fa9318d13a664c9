import fc from 'fast-check'
import type { Driver, Reaction, Scenario } from './scenario.ts'
import { anyRule, consecutiveRule, failureRateRule, slowCallRateRule, type TripRule, type Window } from './trip-rule.ts'

const window: fc.Arbitrary<Window> = fc.oneof(
  fc.integer({ min: 2, max: 6 }).map((calls) => ({ calls })),
  fc.constantFrom({ ms: 40, buckets: 4 }, { ms: 30, buckets: 1 }, { ms: 100, buckets: 10 }),
)
const threshold = fc.constantFrom(0.25, 0.34, 0.5, 0.67, 1)
const minimumCalls = fc.integer({ min: 1, max: 2 })

const oneRule: fc.Arbitrary<TripRule> = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map(consecutiveRule),
  fc.tuple(threshold, window, minimumCalls).map((given) => failureRateRule(...given)),
  fc.tuple(fc.constantFrom(0, 10, 20), threshold, window, minimumCalls).map((given) => slowCallRateRule(...given)),
)
const rule = fc.oneof(
  { weight: 4, arbitrary: oneRule },
  { weight: 1, arbitrary: fc.array(oneRule, { minLength: 1, maxLength: 3 }).map((rules) => anyRule(...rules)) },
)

const acts: Record<string, (driver: Driver) => void> = {
  ask: (driver) => void driver.ask(),
  'settle as success': (driver) => driver.settleLatest('success'),
  'settle as failure': (driver) => driver.settleLatest('failure'),
  ignore: (driver) => driver.settleLatest('ignored'),
  trip: (driver) => void driver.trip(),
  reset: (driver) => driver.reset(),
  'force open': (driver) => driver.override('forced_open', 20),
  disable: (driver) => driver.override('disabled', 20),
  throw: (driver) => driver.blunder(),
}

const reaction: fc.Arbitrary<Reaction> = fc
  .record({
    on: fc.constantFrom<Reaction['on']>(
      'transition',
      'transition',
      'rejected',
      'success',
      'failure',
      'ignored',
      'stale',
    ),
    to: fc.constantFrom(undefined, 'open' as const, 'half_open' as const, 'closed' as const),
    act: fc.constantFrom(...Object.keys(acts)),
    times: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ on, to, act, times }) => ({
    on,
    to: on === 'transition' ? to : undefined,
    times,
    act: acts[act] as Reaction['act'],
    toString: () => `on ${on}${to === undefined ? '' : ` to ${to}`}: ${act}, ${times} times`,
  }))

/** Breakers of all kinds, with times so short that edges are met often. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  rule,
  openMs: fc.constantFrom<readonly number[]>([0], [20], [50], [Number.POSITIVE_INFINITY], [10, 20, 40]),
  successesToClose: fc.integer({ min: 1, max: 3 }),
  failuresToOpen: fc.integer({ min: 1, max: 3 }),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  leaseMs: fc.constantFrom(5, 10, 20),
  timeoutMs: fc.constantFrom(undefined, 5, 15),
  mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'enforce' as const, 'observe' as const),
  hearsEnds: fc.boolean(),
  reactions: fc.oneof(fc.constant([]), fc.array(reaction, { minLength: 1, maxLength: 3 })),
})

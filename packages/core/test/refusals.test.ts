import { expect, test } from 'vitest'
import {
  anyOf,
  checkOptions,
  CircuitBreaker,
  CircuitBreakerConfigError,
  CircuitBreakerGroup,
  CircuitBreakerRegistry,
  circuitBreakerProtected,
  consecutiveFailures,
  exponentialBackoff,
  failureRate,
  optionsFromEnv,
  type RateWindow,
  slowCallRate,
  watchIncidents,
  withCircuitBreaker,
} from '@switchgear/core'
import { thrownBy } from './drive.ts'

// Whoever has made a mistake has only the message to go by: which option, what was given, what would do.

/** What each attempt is told. */
type Refusals = readonly (readonly [message: string, attempt: () => unknown])[]

const breaker = (options: object): CircuitBreaker => new CircuitBreaker('payments', options)
const registry = new CircuitBreakerRegistry()
const wrong = 'wrong' as never

const ofBreakers: Refusals = [
  ['trip is "wrong"; allowed: a trip policy, such as consecutiveFailures(5)', () => breaker({ trip: wrong })],
  [
    'openMs is "wrong"; allowed: a number of ms, 0 or more, a policy such as exponentialBackoff(), or a function',
    () => breaker({ openMs: wrong }),
  ],
  ['halfOpen is "wrong"; allowed: an object', () => breaker({ halfOpen: wrong })],
  [
    'halfOpen.maxConcurrent is 0; allowed: a whole number of at least 1, or Infinity',
    () => breaker({ halfOpen: { maxConcurrent: 0 } }),
  ],
  ['halfOpen.probeTimeoutMs is 0; allowed: a number of ms above 0', () => breaker({ halfOpen: { probeTimeoutMs: 0 } })],
  [
    'halfOpen.probeTimeoutMs is 1001; allowed: at most openMs, which is 1000',
    () => breaker({ openMs: 1_000, halfOpen: { probeTimeoutMs: 1_001 } }),
  ],
  [
    'rampUp.stepsPercent is an array; allowed: a list of numbers above 0 and below 100, each above the one before',
    () => breaker({ rampUp: { stepMs: 1, stepsPercent: [50, 10] } }),
  ],
  ['rampUp.stepMs is undefined; allowed: a number of ms, 0 or more', () => breaker({ rampUp: {} })],
  [
    'rampUp.maxFailureRate is 0; allowed: a number above 0, at most 1',
    () => breaker({ rampUp: { stepMs: 1, maxFailureRate: 0 } }),
  ],
  ['recoverWhen.check is undefined; allowed: a function', () => breaker({ recoverWhen: { everyMs: 5 } })],
  [
    'recoverWhen.then is "open"; allowed: "probe" or "close"',
    () => breaker({ recoverWhen: { check: () => true, everyMs: 5, then: 'open' } }),
  ],
  ['timeoutMs is -1; allowed: a number of ms, 0 or more', () => breaker({ timeoutMs: -1 })],
  ['classify is "wrong"; allowed: a function', () => breaker({ classify: wrong })],
  ['mode is "wrong"; allowed: "enforce" or "observe"', () => breaker({ mode: wrong })],
  ['critical is "wrong"; allowed: true or false', () => breaker({ critical: wrong })],
  ['clock is "wrong"; allowed: an object with a method now()', () => breaker({ clock: wrong })],
  ['restore is an object; allowed: what snapshot() gave, version 1', () => breaker({ restore: {} })],
  [
    'restore is "search"; allowed: a snapshot of the breaker "payments"',
    () => breaker({ restore: new CircuitBreaker('search').snapshot() }),
  ],
  ['options is null; allowed: an object', () => breaker(null as never)],
  ['a breaker\'s name is ""; allowed: a string that is not empty', () => new CircuitBreaker('')],
  ['timeout is 5; allowed: did you mean timeoutMs?', () => breaker({ timeout: 5 })],
  [
    'halfOpen.places is 5; allowed: no option of this name, only successesToClose, failuresToOpen, maxConcurrent, probeTimeoutMs',
    () => breaker({ halfOpen: { places: 5 } }),
  ],
]

const ofOperators: Refusals = [
  ['trip.reason is undefined; allowed: a string that is not empty', () => breaker({}).trip({} as never)],
  ['forceOpen.reason is ""; allowed: a string that is not empty', () => breaker({}).forceOpen({ reason: '' })],
  ['disable.reason is 5; allowed: a string that is not empty', () => breaker({}).disable({ reason: 5 as never })],
  ['disable.actor is 5; allowed: a string', () => breaker({}).disable({ reason: 'test', actor: 5 as never })],
  [
    'forceOpen.forMs is -1; allowed: a number of ms, 0 or more',
    () => breaker({}).forceOpen({ reason: 'test', forMs: -1 }),
  ],
]

const ofPolicies: Refusals = [
  ['consecutiveFailures(threshold) is 0; allowed: a whole number of at least 1', () => consecutiveFailures(0)],
  ['failureRate.threshold is 2; allowed: a number above 0, at most 1', () => failureRate({ threshold: 2 })],
  ['failureRate.minimumCalls is 0; allowed: a whole number of at least 1', () => failureRate({ minimumCalls: 0 })],
  [
    'failureRate.minimumCalls is 11; allowed: at most window.calls, which is 10',
    () => failureRate({ window: { calls: 10 }, minimumCalls: 11 }),
  ],
  [
    'failureRate.window is an object; allowed: either { calls: 100 } or { ms: 60_000, buckets: 10 }',
    () => failureRate({ window: {} as RateWindow }),
  ],
  [
    'failureRate.window.calls is 0; allowed: a whole number from 1 to 1,000,000',
    () => failureRate({ window: { calls: 0 } }),
  ],
  ['failureRate.window.ms is 0; allowed: a number of ms, 1 or more', () => failureRate({ window: { ms: 0 } })],
  [
    'failureRate.window.buckets is 1001; allowed: a whole number from 1 to 1,000',
    () => failureRate({ window: { ms: 5, buckets: 1_001 } }),
  ],
  [
    'slowCallRate.window is "wrong"; allowed: either { calls: 100 } or { ms: 60_000, buckets: 10 }',
    () => slowCallRate({ slowMs: 5, window: wrong }),
  ],
  ['slowCallRate.slowMs is undefined; allowed: a number of ms, 0 or more', () => slowCallRate({} as never)],
  ['anyOf() is undefined; allowed: trip policies, at least one', () => anyOf()],
  ['anyOf(policy 2) is "wrong"; allowed: trip policies, at least one', () => anyOf(consecutiveFailures(5), wrong)],
  ['exponentialBackoff.initialMs is 0; allowed: a number of ms above 0', () => exponentialBackoff({ initialMs: 0 })],
  [
    'exponentialBackoff.maxMs is 999; allowed: at least initialMs, which is 1000',
    () => exponentialBackoff({ initialMs: 1_000, maxMs: 999 }),
  ],
  ['exponentialBackoff.factor is 0.9; allowed: a number of at least 1', () => exponentialBackoff({ factor: 0.9 })],
  ['exponentialBackoff.jitter is 2; allowed: a number from 0 to 1', () => exponentialBackoff({ jitter: 2 })],
]

const ofRegistries: Refusals = [
  ['defaults is "wrong"; allowed: an object', () => new CircuitBreakerRegistry({ defaults: wrong })],
  [
    'clock is an object; allowed: an object with a method now()',
    () => new CircuitBreakerRegistry({ clock: {} as never }),
  ],
  ['clocks is 5; allowed: did you mean clock?', () => new CircuitBreakerRegistry({ clocks: 5 } as never)],
  ['a family\'s name is ""; allowed: a string that is not empty', () => registry.keyed('')],
  ['maxKeys is 0; allowed: a whole number of at least 1', () => registry.keyed('origins', { maxKeys: 0 })],
  ['idleMs is -1; allowed: a number of ms, 0 or more', () => registry.keyed('origins', { idleMs: -1 })],
  ['a key of "origins" is ""; allowed: a string that is not empty', () => registry.keyed('origins').for('')],
]

const ofGroups: Refusals = [
  ['a group\'s name is ""; allowed: a string that is not empty', () => new CircuitBreakerGroup('', { a: () => 1 })],
  [
    'the members of group "models" is an object; allowed: an object of functions, at least one',
    () => new CircuitBreakerGroup('models', {} as never),
  ],
  [
    'member a of group "models" is 5; allowed: a function',
    () => new CircuitBreakerGroup('models', { a: 5 } as never, { registry }),
  ],
  [
    'registry is "wrong"; allowed: a CircuitBreakerRegistry',
    () => new CircuitBreakerGroup('models', { a: () => 1 }, { registry: wrong }),
  ],
]

class Job {
  async run(id: string): Promise<string> {
    return id
  }
}
const ofProcessors: Refusals = [
  [
    'name is undefined; allowed: a string that is not empty',
    () => withCircuitBreaker(Job, { key: () => 'a' } as never),
  ],
  ['key is "wrong"; allowed: a function', () => withCircuitBreaker(Job, { name: 'jobs', key: wrong })],
  [
    'method is "walk"; allowed: the name of a method of class Job',
    () => withCircuitBreaker(Job, { name: 'jobs', key: () => 'a', method: 'walk' } as never),
  ],
  [
    'registry is "wrong"; allowed: a CircuitBreakerRegistry',
    () => withCircuitBreaker(Job, { name: 'jobs', key: () => 'a', registry: wrong }),
  ],
  [
    'remindEveryMs is 0; allowed: a number of ms above 0',
    () => withCircuitBreaker(Job, { name: 'jobs', key: () => 'a', remindEveryMs: 0 }),
  ],
  ['onIncident is "wrong"; allowed: a function', () => watchIncidents(registry.keyed('jobs'), wrong)],
  [
    'the target of circuitBreakerProtected() is "wrong"; allowed: a method (with TC39 decorators, not experimentalDecorators) or a function',
    () => circuitBreakerProtected('payments')(wrong),
  ],
]

const ofChecks: Refusals = [
  ['traffic is "wrong"; allowed: an object', () => checkOptions({}, wrong)],
  ['traffic.callsPerSecond is -1; allowed: a number, 0 or more', () => checkOptions({}, { callsPerSecond: -1 })],
  ['traffic.scrapeMs is 0; allowed: a number of ms above 0', () => checkOptions({}, { scrapeMs: 0 })],
]

const ofVariables: Refusals = [
  [
    'EXTERNAL_CB_THRESHOLD is "0"; allowed: a whole number of at least 1',
    () => optionsFromEnv({ EXTERNAL_CB_THRESHOLD: '0' }),
  ],
  [
    'EXTERNAL_CB_TIMEOUT_SECONDS is "5m"; allowed: a number of seconds, 0 or more',
    () => optionsFromEnv({ EXTERNAL_CB_TIMEOUT_SECONDS: '5m' }),
  ],
]

test.for([
  ...ofBreakers,
  ...ofOperators,
  ...ofPolicies,
  ...ofRegistries,
  ...ofGroups,
  ...ofProcessors,
  ...ofChecks,
  ...ofVariables,
])('%s', ([message, attempt]) => {
  const error = thrownBy(attempt)

  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(error).toHaveProperty('message', message)
})

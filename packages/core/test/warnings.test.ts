import { afterEach, expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
  slowCallRate,
  type TripPolicy,
  type TripTracker,
  type WarningEvent,
  withCircuitBreaker,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear } from './drive.ts'
import { settled } from './watched-breaker.ts'

afterEach(() => vi.restoreAllMocks())

const mistake = new Error('mistake')
const blunder = (): never => {
  throw mistake
}

/** The warnings of a breaker, after something was done to it. */
function told(options: CircuitBreakerOptions, act: (breaker: CircuitBreaker) => void): WarningEvent[] {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock() })
  const warnings = hear(registry, 'warning')
  act(registry.get('payments', options))
  return warnings
}

/** A trip policy one of whose methods is a mistake. */
function brokenPolicy(method: keyof TripTracker): TripPolicy {
  const policy = consecutiveFailures(1)
  const createTracker = (): TripTracker => Object.assign(policy.createTracker(), { [method]: blunder })
  return { timed: policy.timed, createTracker }
}

test('a listener that throws is told by the name of its event', () => {
  const warnings = told({}, (breaker) => {
    breaker.on('failure', blunder)
    fail(breaker)
  })

  expect(warnings).toEqual([
    { breaker: 'payments', code: 'listener_threw', message: 'a listener for "failure" threw', error: mistake },
  ])
})

test('a classify that throws is told with what that counts as', async () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, classify: blunder })
  const warnings = hear(breaker, 'warning')
  await breaker.execute(() => 1)

  expect(warnings).toEqual([
    {
      breaker: 'payments',
      code: 'classify_threw',
      message: 'classify threw; counted as failure',
      error: mistake,
    },
  ])
})

test.for(['success', 'failure', 'ignored', undefined] as const)(
  'a classify that says %s is no warning',
  async (verdict) => {
    const breaker = new CircuitBreaker('payments', { classify: () => verdict })
    await breaker.execute(() => 1)

    expect(breaker.status().warnings).toEqual({})
  },
)

test('a classify that gives no verdict is told what the verdicts are', async () => {
  const breaker = new CircuitBreaker('payments', { classify: () => 'bad' as never })
  const warnings = hear(breaker, 'warning')
  await breaker.execute(() => 1)

  expect(warnings).toEqual([
    {
      breaker: 'payments',
      code: 'classify_threw',
      message: 'classify gave no verdict (success, failure, ignored or undefined); counted as failure',
    },
  ])
})

const policyMethods: [method: keyof TripTracker, act: (breaker: CircuitBreaker) => unknown][] = [
  ['record', (breaker) => fail(breaker)],
  ['readings', (breaker) => breaker.status()],
  ['clear', (breaker) => breaker.reset()],
  ['clear', (breaker) => breaker.trip({ reason: 'test' })],
  ['save', (breaker) => breaker.snapshot()],
]
test.for(policyMethods)('a trip policy that throws is told by its method %s()', ([method, act]) => {
  expect(told({ trip: brokenPolicy(method) }, act)).toEqual([
    {
      breaker: 'payments',
      code: 'trip_policy_threw',
      message: `the trip policy threw in ${method}()`,
      error: mistake,
    },
  ])
})

test('a trip policy that throws when it is to go on from a snapshot is told so', () => {
  const restore = new CircuitBreaker('payments').snapshot()

  expect(told({ trip: brokenPolicy('load'), restore }, () => {})).toEqual([
    expect.objectContaining({ code: 'trip_policy_threw', message: 'the trip policy threw in load()' }),
  ])
})

test('an openMs that throws, or gives no duration, is told', () => {
  const trip = consecutiveFailures(1)

  expect(told({ trip, openMs: blunder }, (breaker) => fail(breaker))).toEqual([
    { breaker: 'payments', code: 'open_ms_invalid', message: 'openMs threw', error: mistake },
  ])
  expect(told({ trip, openMs: () => -1 }, (breaker) => fail(breaker))).toMatchObject([
    { code: 'open_ms_invalid', message: 'the result of openMs is -1; allowed: a number of ms, 0 or more' },
  ])
})

test('a redact that throws, or gives no string, is told with what becomes of messages', () => {
  const act = (breaker: CircuitBreaker): void => {
    fail(breaker)
    breaker.status()
  }

  expect(told({ redact: blunder }, act)).toEqual([
    {
      breaker: 'payments',
      code: 'redact_threw',
      message: 'redact threw; messages are dropped',
      error: mistake,
    },
  ])
  expect(told({ redact: () => 5 as never }, act)).toEqual([
    { breaker: 'payments', code: 'redact_threw', message: 'redact gave no string; messages are dropped' },
  ])
})

test('a recovery check that throws is told with what becomes of the breaker', async () => {
  const clock = new ManualClock()
  const trip = consecutiveFailures(1)
  const breaker = new CircuitBreaker('payments', { clock, trip, recoverWhen: { check: blunder, everyMs: 1_000 } })
  const warnings = hear(breaker, 'warning')
  fail(breaker)
  clock.advance(1_000)
  await settled()

  expect(warnings).toEqual([
    {
      breaker: 'payments',
      code: 'recovery_check_threw',
      message: 'recoverWhen.check threw; the breaker stays open',
      error: mistake,
    },
  ])
})

test('options that differ from those a breaker or a family was made with are told by name', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments')
  registry.keyed('origins')

  registry.get('payments', { timeoutMs: 5, critical: true })
  registry.keyed('origins', { maxKeys: 5, timeoutMs: 5 })

  expect(warnings).toEqual([
    {
      breaker: 'payments',
      code: 'options_differ',
      message: 'asked for again with other options (timeoutMs, critical); those it was made with hold',
    },
    {
      breaker: 'origins',
      code: 'options_differ',
      message: 'asked for again with other options (timeoutMs, maxKeys); those it was made with hold',
    },
  ])
})

test('dangerous options of a breaker are told together', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  const trip = slowCallRate({ slowMs: 60_000, window: { calls: 10 } })
  registry.get('payments', { timeoutMs: 45_000, trip })

  expect(warnings).toEqual([
    {
      breaker: 'payments',
      code: 'options_dangerous',
      message:
        "a probe counts as failed after 30000 ms, before its call's 45000 ms are over: slow successes keep the breaker open; " +
        'no call lasts 60000 ms, since all end after 45000 ms: none is slow',
    },
  ])
})

test('a family without room for another key is told which breaker it shares', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  const family = registry.keyed('origins', { maxKeys: 1 })
  family.for('a').acquire()
  family.for('b')

  expect(warnings).toEqual([
    {
      breaker: 'origins',
      code: 'keys_exhausted',
      message: '1 keys are in use and none can be let go; further ones share the breaker "origins:_OTHER"',
    },
  ])
})

test('a nameOf that throws, or gives no name, is told with which name is used', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.keyed('origins', { nameOf: blunder }).for('a')
  registry.keyed('units', { nameOf: () => '' }).for('a')

  expect(warnings).toEqual([
    {
      breaker: 'origins',
      code: 'name_of_threw',
      message: "nameOf threw; the family's name is used",
      error: mistake,
    },
    { breaker: 'units', code: 'name_of_threw', message: "nameOf gave no name; the family's is used" },
  ])
})

test('a processor whose key throws is told that the unit is not guarded', async () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  class Job {
    async run(id: string): Promise<string> {
      return id
    }
  }
  const Guarded = withCircuitBreaker(Job, { name: 'jobs', key: blunder, registry })

  expect(await new Guarded().run('a')).toBe('a')
  expect(warnings).toEqual([
    { breaker: 'jobs', code: 'key_threw', message: 'key threw; the unit is not guarded', error: mistake },
  ])
})

test('a warning that nobody listens to is printed with the breaker’s name', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const breaker = new CircuitBreaker('pay "ments"', { clock: new ManualClock() })
  breaker.on('failure', blunder)
  fail(breaker)

  expect(warn.mock.calls).toEqual([['switchgear: circuit breaker "pay \\"ments\\"": a listener for "failure" threw']])
})

test('listeners that cause one another without end are told by the event', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1e6) })
  breaker.on('failure', () => fail(breaker))
  fail(breaker)

  expect(warn.mock.calls).toEqual([
    [
      'switchgear: circuit breaker "payments": listeners for "failure" cause one another without end; an event was dropped',
    ],
  ])
})

import { expect, test } from 'vitest'
import {
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
  type HalfOpenOptions,
  type TripPolicy,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear } from './drive.ts'

test('defaults hold for every breaker, unless get says otherwise', () => {
  const registry = new CircuitBreakerRegistry({
    defaults: { trip: consecutiveFailures(2), openMs: 1_000, critical: true },
  })
  const [plain, special] = [registry.get('plain'), registry.get('special', { trip: consecutiveFailures(1) })]
  fail(plain)
  fail(special)

  expect([plain.state, special.state]).toEqual(['closed', 'open'])
  expect(special.status()).toMatchObject({ critical: true })
  expect(special.status().retryAfterMs).toBeLessThanOrEqual(1_000)
})

test('halfOpen is merged name by name', () => {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { openMs: 1_000, halfOpen: { successesToClose: 1, maxConcurrent: 1 } },
  })
  const breaker = registry.get('payments', { halfOpen: { maxConcurrent: 2 } })
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)

  const [probe] = [breaker.acquire(), breaker.acquire()]
  expect(breaker.tryAcquire()).toBeUndefined()
  probe.success()
  expect(breaker.state).toBe('closed')
})

test('an option that is undefined leaves the default, in halfOpen too', () => {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { openMs: 1_000, timeoutMs: 10, halfOpen: { maxConcurrent: 1 } },
  })
  const breaker = registry.get('payments', {
    openMs: undefined,
    halfOpen: { maxConcurrent: undefined },
  } as unknown as CircuitBreakerOptions & { halfOpen: HalfOpenOptions })
  breaker.trip({ reason: 'test' })
  expect(breaker.status().retryAfterMs).toBe(1_000)
  clock.advance(1_000)

  breaker.acquire()

  expect(breaker.tryAcquire()).toBeUndefined()
})

test('the clock of the registry is that of every breaker whose options name none', () => {
  const [clock, own] = [new ManualClock({ wallNow: 1_000 }), new ManualClock({ wallNow: 2_000 })]
  const registry = new CircuitBreakerRegistry({ clock })

  expect(registry.get('payments').status().since).toBe(1_000)
  expect(registry.get('search', { clock: own }).status().since).toBe(2_000)
})

test('what is given to a registry is copied', () => {
  const defaults: CircuitBreakerOptions = { trip: consecutiveFailures(1) }
  const options = { defaults }
  const registry = new CircuitBreakerRegistry(options)

  options.defaults = { trip: consecutiveFailures(100) }
  const breaker = registry.get('payments')
  fail(breaker)

  expect(breaker.state).toBe('open')
})

test('the first options win; others later are one warning that names them', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  const breaker = registry.get('payments', { trip: consecutiveFailures(2), timeoutMs: 50 })

  registry.get('payments', { trip: consecutiveFailures(9), timeoutMs: 50, halfOpen: { maxConcurrent: 1 } })
  registry.get('payments', { trip: consecutiveFailures(8) })
  fail(breaker, 2)

  expect(breaker.status()).toMatchObject({ state: 'open', warnings: { options_differ: 1 } })
  expect(warnings).toEqual([
    expect.objectContaining({
      breaker: 'payments',
      code: 'options_differ',
      message: expect.stringMatching(/trip.*halfOpen|halfOpen.*trip/) as string,
    }),
  ])
})

test('asking again without options, or with the same, is no difference', () => {
  const registry = new CircuitBreakerRegistry({ defaults: { openMs: 1_000 } })
  const warnings = hear(registry, 'warning')
  const options = (): CircuitBreakerOptions => ({
    trip: consecutiveFailures(2),
    halfOpen: { maxConcurrent: 1 },
    classify: ({ error }) => (error === undefined ? 'success' : 'failure'),
    openMs: () => 500,
    redact: (message) => message,
  })
  registry.get('payments', options())

  registry.get('payments')
  registry.get('payments', options())
  registry.get('payments', options())

  expect(warnings).toEqual([])
})

/** Fields as those of a policy of one's own. */
const fields = { timed: false, createTracker: () => consecutiveFailures(5).createTracker() }

const noting = (note: unknown): TripPolicy => Object.assign({}, fields, { note })

class Careful {
  readonly timed = false
  createTracker = fields.createTracker
}

class Bold {
  readonly timed = false
  createTracker = fields.createTracker
}

test('policies of one’s own are the same when they are made of the same', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  const policies: (() => TripPolicy)[] = [
    () => ({ ...fields }),
    () => new Careful(),
    () => Object.assign(Object.create(null) as object, fields),
  ]
  for (const [i, policy] of policies.entries()) {
    registry.get(`policy ${i}`, { trip: policy() })
    registry.get(`policy ${i}`, { trip: policy() })
  }

  expect(warnings).toEqual([])
})

test.for<[what: string, first: CircuitBreakerOptions, then: CircuitBreakerOptions]>([
  ['a policy of another class', { trip: new Careful() }, { trip: new Bold() }],
  ['a policy that knows more', { trip: { ...fields } }, { trip: { ...fields, slowMs: 5 } }],
  ['a policy that knows less', { trip: { ...fields, slowMs: 5 } }, { trip: { ...fields } }],
  ['a policy with nothing in a field', { trip: noting({}) }, { trip: noting(null) }],
  ['a policy with something in a field', { trip: noting(null) }, { trip: noting({}) }],
  ['an option that was not there', {}, { rampUp: { stepMs: 5 } }],
  ['an option that is no longer there', { rampUp: { stepMs: 5 } }, { critical: false }],
])('asking again with %s is a difference', ([, first, then]) => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', first)

  registry.get('payments', then)

  expect(warnings).toEqual([expect.objectContaining({ code: 'options_differ' })])
})

test('options are named that were given, not what follows from them', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', { timeoutMs: 1_000 })

  registry.get('payments', { timeoutMs: 45_000 })

  expect(warnings).toMatchObject([
    { message: 'asked for again with other options (timeoutMs); those it was made with hold' },
  ])
})

test.for<[what: string, options: CircuitBreakerOptions]>([
  ['a function', { classify: () => 'failure' }],
  ['a function for a number', { openMs: () => 300_000 }],
  ['a number', { openMs: 1_000 }],
  ['a mode', { mode: 'observe' }],
  ['a clock', { clock: new ManualClock() }],
  [
    'a policy of another kind',
    { trip: { timed: false, createTracker: () => ({ record: () => undefined, readings: () => [], clear: () => {} }) } },
  ],
])('asking again with %s that differs is a difference', ([, options]) => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', { classify: () => 'success' })

  registry.get('payments', { classify: () => 'success', ...options })

  expect(warnings).toEqual([expect.objectContaining({ code: 'options_differ' })])
})

test('a mistake in the options is an error also when the breaker is there already', () => {
  const registry = new CircuitBreakerRegistry()
  registry.get('payments')

  expect(() => registry.get('payments', { openMs: -1 })).toThrow(CircuitBreakerConfigError)
})

test('a mistake in the defaults is an error at once', () => {
  expect(() => new CircuitBreakerRegistry({ defaults: { openMs: -1 } })).toThrow(CircuitBreakerConfigError)
  expect(() => new CircuitBreakerRegistry({ default: {} } as object)).toThrow(/default.*defaults/)
})

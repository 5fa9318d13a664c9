import { expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  consecutiveFailures,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, thrownBy } from './drive.ts'

/** What a breaker with these options throws. */
function refusal(options: unknown): CircuitBreakerConfigError {
  const error = thrownBy(() => new CircuitBreaker('payments', options as CircuitBreakerOptions))
  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  return error as CircuitBreakerConfigError
}

const refused: [option: string, values: unknown[]][] = [
  ['trip', [5, null, {}, 'consecutive']],
  ['openMs', [-1, Number.NaN, '1000', null, {}]],
  ['halfOpen', [3, null, 'three', true]],
  ['timeoutMs', [-1, Number.NaN, '1000', null, () => 5]],
  ['classify', ['all', null, {}]],
  ['mode', ['off', '', null, true]],
  ['critical', ['yes', 1, null]],
  ['clock', [{}, null, Date.now, 5]],
  ['redact', [/secret/, null, 'all']],
  ['halfOpen.successesToClose', [0, -1, 1.5, Number.NaN, '3', null]],
  ['halfOpen.failuresToOpen', [0, -1, 1.5, Number.NaN, '3', null]],
  ['halfOpen.maxConcurrent', [0, -1, 1.5, Number.NaN, '3', null]],
  ['halfOpen.probeTimeoutMs', [0, -1, Number.NaN, '1000', null]],
]
for (const [option, values] of refused) {
  test(`a value of ${option} that is not allowed is an error with the option, the value and what is allowed`, () => {
    for (const value of values) {
      const [outer = '', inner] = option.split('.')
      const error = refusal({ [outer]: inner === undefined ? value : { [inner]: value } })

      expect(error).toMatchObject({ code: 'ERR_CIRCUIT_CONFIG', name: 'CircuitBreakerConfigError', option, value })
      expect(error.message).toContain(`${option} is `)
      expect(error.message).toContain(error.allowed)
    }
  })
}

test('an error quotes the value in a few characters, whatever it is', () => {
  const quotes: [value: unknown, quote: string][] = [
    ['x'.repeat(500), `"${'x'.repeat(80)}…"`],
    ['x'.repeat(80), `"${'x'.repeat(80)}"`],
    ['short', '"short"'],
    [() => 1, 'a function'],
    [{ secret: 1 }, 'an object'],
    [[1, 2], 'an array'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [12n, '12'],
  ]
  for (const [value, quote] of quotes) expect(refusal({ mode: value }).message).toContain(`mode is ${quote}; allowed: `)
})

const allowed: CircuitBreakerOptions[] = [
  {},
  { openMs: 0 },
  { openMs: Number.POSITIVE_INFINITY },
  { openMs: () => 5 },
  { timeoutMs: 0 },
  { timeoutMs: undefined, classify: undefined, redact: undefined },
  { halfOpen: {} },
  { halfOpen: { successesToClose: Number.POSITIVE_INFINITY, failuresToOpen: Number.POSITIVE_INFINITY } },
  { halfOpen: { maxConcurrent: Number.POSITIVE_INFINITY } },
  { openMs: 1_000, halfOpen: { probeTimeoutMs: 1_000 } },
  { openMs: 0, halfOpen: { probeTimeoutMs: 1_000 } },
  { openMs: () => 5, halfOpen: { probeTimeoutMs: 1_000 } },
  { openMs: Number.POSITIVE_INFINITY, halfOpen: { probeTimeoutMs: Number.POSITIVE_INFINITY } },
  { critical: false, mode: 'observe' },
]
test('what is allowed is allowed, edges included', () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  for (const options of allowed) expect(new CircuitBreaker('payments', options).state).toBe('closed')
})

const typos: [typo: object, suggestion: string][] = [
  [{ timeout: 100 }, 'did you mean timeoutMs?'],
  [{ openms: 100 }, 'did you mean openMs?'],
  [{ OpenMS: 100 }, 'did you mean openMs?'],
  [{ clasify: () => 'failure' }, 'did you mean classify?'],
  [{ halfopen: {} }, 'did you mean halfOpen?'],
  [{ halfOpen: { maxConcurent: 1 } }, 'did you mean halfOpen.maxConcurrent?'],
  [{ halfOpen: { sucessesToClose: 1 } }, 'did you mean halfOpen.successesToClose?'],
]
test.for(typos)('%j is an unknown option with a suggestion', ([typo, suggestion]) => {
  expect(refusal(typo).message).toContain(suggestion)
})

test('an unknown option without a near name lists those that there are', () => {
  const error = refusal({ errorThresholdPercentage: 50 })

  expect(error.option).toBe('errorThresholdPercentage')
  expect(error.allowed).not.toContain('did you mean')
  for (const name of ['trip', 'openMs', 'halfOpen', 'timeoutMs', 'classify', 'mode', 'critical', 'clock', 'redact']) {
    expect(error.allowed).toContain(name)
  }
})

test('an unknown option is an error also when it is undefined, or has a name that objects have anyway', () => {
  expect(refusal({ resetTimeout: undefined }).option).toBe('resetTimeout')
  expect(refusal({ toString: 1 }).option).toBe('toString')
  expect(refusal({ ['x'.repeat(10_000)]: 1 }).code).toBe('ERR_CIRCUIT_CONFIG')
})

test('options must be an object', () => {
  for (const options of [null, 5, 'fast', true]) expect(refusal(options).message).toContain('allowed: an object')
})

test('a probe may not hold its place for longer than the breaker stays open', () => {
  expect(refusal({ openMs: 1_000, halfOpen: { probeTimeoutMs: 1_001 } })).toMatchObject({
    option: 'halfOpen.probeTimeoutMs',
    value: 1_001,
    allowed: expect.stringContaining('1000') as unknown,
  })
  expect(refusal({ halfOpen: { probeTimeoutMs: 300_001 } }).option).toBe('halfOpen.probeTimeoutMs')
})

test('options are copied: changing them later changes nothing', () => {
  const clock = new ManualClock()
  const halfOpen = { maxConcurrent: 1 }
  const options = { clock, openMs: 1_000, halfOpen, trip: consecutiveFailures(1) }
  const breaker = new CircuitBreaker('payments', options)

  options.openMs = 5_000
  options.trip = consecutiveFailures(100)
  halfOpen.maxConcurrent = 100
  fail(breaker)

  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 1_000 })
  clock.advance(1_000)
  breaker.acquire()
  expect(breaker.tryAcquire()).toBeUndefined()
})

test('the caller’s options stay the caller’s: nothing is written into them, and frozen ones will do', () => {
  const options = Object.freeze({ halfOpen: Object.freeze({}), openMs: 1_000 })
  const breaker = new CircuitBreaker('payments', options)

  expect(breaker.name).toBe('payments')
  expect(options).toEqual({ halfOpen: {}, openMs: 1_000 })
  expect(Object.isFrozen({ ...options })).toBe(false)
})

test('one options object serves two breakers, which share nothing', () => {
  const options = { clock: new ManualClock(), trip: consecutiveFailures(1) }
  const [payments, search] = [new CircuitBreaker('payments', options), new CircuitBreaker('search', options)]

  fail(payments)

  expect([payments.state, search.state]).toEqual(['open', 'closed'])
})

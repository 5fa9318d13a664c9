import { expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  CircuitOpenError,
  CircuitTimeoutError,
  consecutiveFailures,
  findCircuitOpenError,
  isCircuitOpenError,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, thrownBy } from './drive.ts'

const clock = new ManualClock({ wallNow: 1_700_000_000_000 })

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 1_000 })
  fail(breaker)
  return breaker
}

function rejection(breaker: CircuitBreaker = opened()): CircuitOpenError {
  const error = thrownBy(() => breaker.acquire())
  expect(error).toBeInstanceOf(CircuitOpenError)
  return error as CircuitOpenError
}

test('a rejection says which breaker, which state, why, since when, how long still, and what opened it', () => {
  expect(Object.fromEntries(Object.entries(rejection()))).toEqual({
    code: 'ERR_CIRCUIT_OPEN',
    breakerName: 'payments',
    state: 'open',
    reason: 'open',
    openedAt: 1_700_000_000_000,
    retryAfterMs: 1_000,
  })
  expect(rejection().cause).toBe(down)
  expect(rejection()).toBeInstanceOf(Error)
  expect(String(rejection())).toBe('CircuitOpenError: circuit breaker "payments" rejected the call: open')
})

test('a rejection carries no stack trace, and errors made after it have theirs', () => {
  const error = rejection()

  expect(error.stack).not.toContain('\n    at ')
  expect(new Error('after').stack).toContain('\n    at ')
})

test('a rejection is a fresh error each time', () => {
  const breaker = opened()

  expect(rejection(breaker)).not.toBe(rejection(breaker))
})

test('where Error cannot be changed a rejection still works', () => {
  const breaker = opened()
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') ?? {}
  Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false })
  const error = rejection(breaker)
  Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: true })

  expect(error.stack).toContain('\n    at ')
})

test('an error’s name is not among its own properties, as with built-in errors', () => {
  const builtIn = Object.getOwnPropertyDescriptor(Error.prototype, 'name')
  for (const type of [CircuitOpenError, CircuitTimeoutError, CircuitBreakerConfigError]) {
    expect(Object.getOwnPropertyDescriptor(type.prototype, 'name')).toEqual({ ...builtIn, value: type.name })
    expect(Object.keys(type.prototype)).toEqual([])
  }
})

test('isCircuitOpenError recognises a rejection, and nothing else', () => {
  expect(isCircuitOpenError(rejection())).toBe(true)
  for (const other of [
    down,
    new CircuitTimeoutError('payments', 1),
    undefined,
    null,
    'open',
    0,
    {},
    () => {},
    { code: 'ERR_CIRCUIT_OPEN' },
  ]) {
    expect(isCircuitOpenError(other)).toBe(false)
  }
})

test('isCircuitOpenError looks through causes, however they are nested', () => {
  const error = rejection()
  const wrapped = [
    new Error('checkout failed', { cause: error }),
    new Error('outer', { cause: new Error('inner', { cause: error }) }),
    Object.assign(new Error('slack'), { original: error }),
    new AggregateError([down, error]),
    new Error('all failed', { cause: new AggregateError([new Error('one', { cause: error })]) }),
    { cause: error },
  ]

  for (const wrapper of wrapped) {
    expect(isCircuitOpenError(wrapper)).toBe(true)
    expect(findCircuitOpenError(wrapper)).toBe(error)
  }
  expect(findCircuitOpenError(down)).toBeUndefined()
})

test('a rejection is known by its brand, whichever version of the package made it', () => {
  const brand = Symbol.for('switchgear.CircuitOpenError')

  expect(isCircuitOpenError({ [brand]: true })).toBe(true)
  expect(isCircuitOpenError({ [brand]: 1 })).toBe(false)
  expect(isCircuitOpenError(Object.assign(() => {}, { [brand]: true }))).toBe(false)
})

test('a rejection is found within 64 errors, and among the first of any number that were collected', () => {
  let error: Error = rejection()
  for (let i = 1; i < 64; i++) error = new Error('wrapped', { cause: error })

  expect(isCircuitOpenError(error)).toBe(true)
  expect(isCircuitOpenError(new Error('wrapped', { cause: error }))).toBe(false)
  expect(isCircuitOpenError({ errors: [rejection(), ...Array.from({ length: 1e6 }, () => down)] })).toBe(true)
})

test('circular, endless and hostile causes come to an end', () => {
  const circle = new Error('circle')
  circle.cause = circle
  const endless = {
    get cause(): unknown {
      return Object.create(Object.getPrototypeOf(this) as object, Object.getOwnPropertyDescriptors(this)) as unknown
    },
  }
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw down
      },
    },
  )

  for (const error of [
    circle,
    endless,
    hostile,
    new Error('outer', { cause: hostile }),
    new AggregateError(Array.from({ length: 1e5 }, () => ({}))),
  ]) {
    expect(isCircuitOpenError(error)).toBe(false)
  }
  expect(isCircuitOpenError(new AggregateError([hostile, circle, rejection()]))).toBe(true)
})

test('a rejection of another copy of the package is recognised', async () => {
  vi.resetModules()
  const copy = await import('@switchgear/core')
  const breaker = new copy.CircuitBreaker('payments', { trip: copy.consecutiveFailures(1) })
  fail(breaker)
  const error = thrownBy(() => breaker.acquire())

  expect(error).not.toBeInstanceOf(CircuitOpenError)
  expect(isCircuitOpenError(error)).toBe(true)
  expect(isCircuitOpenError(new Error('outer', { cause: error }))).toBe(true)
  expect(copy.isCircuitOpenError(rejection())).toBe(true)
})

test('a rejection may be made by hand, for tests of your own code', () => {
  const error = new CircuitOpenError({ breakerName: 'payments', state: 'open', reason: 'open' })

  expect(isCircuitOpenError(error)).toBe(true)
  expect(error).toMatchObject({ openedAt: undefined, retryAfterMs: undefined })
  expect(error).not.toHaveProperty('cause')
})

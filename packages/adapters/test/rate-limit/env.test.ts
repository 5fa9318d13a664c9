import { RateLimitHandler, rateLimitOptionsFromEnv } from '@switchgear/adapters/rate-limit'
import {
  CircuitBreakerConfigError,
  CircuitBreakerRegistry,
  consecutiveFailures,
  type Environment,
} from '@switchgear/core'
import { afterEach, expect, test, vi } from 'vitest'
import { limitWithoutServer, answered } from './limit.ts'

afterEach(() => vi.unstubAllEnvs())

const key = 'api'

/** What becomes of a first 429, and of so many more. */
function decide(env: Environment, attempt = 1, retryAfter?: string): unknown {
  const { limiter } = limitWithoutServer({ env, random: () => 0.5 })
  return limiter.decide(answered(retryAfter), { attempt, key })
}

test('without variables: five retries, 2 s, 120 s, ten in a row, 300 s', () => {
  expect(rateLimitOptionsFromEnv({})).toEqual({})
  expect(decide({}, 5)).toEqual({ retry: true, waitMs: 16_000 })
  expect(decide({}, 6)).toEqual({ retry: false, reason: 'retries_spent' })
  expect(decide({}, 1, '120')).toEqual({ retry: true, waitMs: 120_000 })
  expect(decide({}, 1, '121')).toMatchObject({ reason: 'wait_too_long' })
  const { limiter, breaker } = limitWithoutServer()
  for (let i = 0; i < 10; i++) {
    expect(breaker.state).toBe('closed')
    limiter.decide(answered(), { attempt: 1, key })
  }
  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 300_000 })
})

test('each variable sets its option', () => {
  expect(decide({ RATE_LIMIT_MAX_RETRIES: '6' }, 6)).toEqual({ retry: true, waitMs: 32_000 })
  expect(decide({ RATE_LIMIT_MAX_RETRIES: '0' })).toEqual({ retry: false, reason: 'retries_spent' })
  expect(decide({ RATE_LIMIT_BASE_BACKOFF: '0.5' })).toEqual({ retry: true, waitMs: 250 })
  expect(decide({ RATE_LIMIT_MAX_BACKOFF: '10' }, 5)).toEqual({ retry: true, waitMs: 5_000 })
  expect(decide({ RATE_LIMIT_RETRY_AFTER_ENABLED: 'false' }, 1, '100')).toEqual({ retry: true, waitMs: 1_000 })
  const env = { RATE_LIMIT_CB_THRESHOLD: '2', RATE_LIMIT_CB_TIMEOUT: '30' }
  const { limiter, breaker } = limitWithoutServer({ env })
  for (let i = 0; i < 2; i++) limiter.decide(answered(), { attempt: 1, key })
  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 30_000 })
})

test('RATE_LIMIT_CB_ENABLED=false opens nothing, whatever opens it otherwise', () => {
  const { limiter, breaker } = limitWithoutServer({
    env: { RATE_LIMIT_CB_ENABLED: 'false', RATE_LIMIT_CB_THRESHOLD: '1' },
    trip: consecutiveFailures(1),
  })
  for (let i = 0; i < 20; i++) limiter.decide(answered(), { attempt: 1, key })
  expect(breaker.state).toBe('closed')
})

test('what is written in the code wins', () => {
  const { limiter } = limitWithoutServer({
    env: { RATE_LIMIT_MAX_RETRIES: '0', RATE_LIMIT_CB_ENABLED: '0' },
    maxRetries: 1,
    breaker: true,
    trip: consecutiveFailures(2),
  })
  expect(limiter.decide(answered(), { attempt: 1, key }).retry).toBe(true)
  expect(limiter.decide(answered(), { attempt: 1, key })).toMatchObject({ reason: 'circuit_open' })
})

test("the process's own environment is read where none is given", () => {
  vi.stubEnv('RATE_LIMIT_MAX_RETRIES', '0')
  const limiter = new RateLimitHandler({ registry: new CircuitBreakerRegistry() })
  expect(limiter.decide(answered(), { attempt: 1, key })).toMatchObject({ reason: 'retries_spent' })
  expect(rateLimitOptionsFromEnv()).toEqual({ maxRetries: 0 })
})

test.each([
  ['RATE_LIMIT_MAX_RETRIES', 'five', 'a whole number, 0 or more'],
  ['RATE_LIMIT_MAX_RETRIES', '-1', 'a whole number, 0 or more'],
  ['RATE_LIMIT_BASE_BACKOFF', '2s', 'a number of seconds, 0 or more'],
  ['RATE_LIMIT_MAX_BACKOFF', '-1', 'a number of seconds, 0 or more'],
  ['RATE_LIMIT_CB_THRESHOLD', '0', 'a whole number of at least 1'],
  ['RATE_LIMIT_CB_TIMEOUT', '5m', 'a number of seconds, 0 or more'],
  ['RATE_LIMIT_RETRY_AFTER_ENABLED', 'maybe', 'true, 1, yes, on, false, 0, no or off'],
  ['RATE_LIMIT_CB_ENABLED', '2', 'true, 1, yes, on, false, 0, no or off'],
])('%s=%s is an error that names the variable, its value, and what is allowed', (variable, value, allowed) => {
  const create = (): unknown => new RateLimitHandler({ env: { [variable]: value } })
  expect(create).toThrow(CircuitBreakerConfigError)
  expect(create).toThrow(`${variable} is "${value}"; allowed: ${allowed}`)
})

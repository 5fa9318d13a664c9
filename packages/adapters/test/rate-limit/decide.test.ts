import { RateLimitHandler, type RetryDecision } from '@switchgear/adapters/rate-limit'
import { CircuitBreakerConfigError, consecutiveFailures } from '@switchgear/core'
import { expect, test } from 'vitest'
import { limitWithoutServer, answered } from './limit.ts'

const key = 'api'

/** For how many ms a first try is told to wait. */
function waitMs(decision: RetryDecision): number | undefined {
  return decision.retry ? decision.waitMs : undefined
}

test('what is no 429 is not sent again', () => {
  const { limiter, breaker } = limitWithoutServer()
  for (const status of [200, 404, 503]) {
    expect(limiter.decide(answered('1', status), { attempt: 1, key })).toEqual({
      retry: false,
      reason: 'not_rate_limited',
    })
  }
  expect(breaker.status().totals).toMatchObject({ success: 3, failure: 0, active: 0 })
})

test('backoff doubles, up to its longest, and chance takes any part of it', () => {
  const { limiter } = limitWithoutServer({ maxRetries: 9, breaker: false, random: () => chance })
  let chance = 0.5
  const waits = (): unknown[] =>
    Array.from({ length: 9 }, (_, i) => waitMs(limiter.decide(answered(), { attempt: i + 1, key })))
  expect(waits()).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  chance = 0
  expect(limiter.decide(answered(), { attempt: 9, key: 'other' })).toEqual({ retry: true, waitMs: 0 })
})

test('no attempt is too late for a number', () => {
  const { limiter } = limitWithoutServer({ maxRetries: Infinity, baseBackoffMs: 0 })
  expect(waitMs(limiter.decide(answered(), { attempt: 5_000, key }))).toBe(0)
})

test('a wait that the service asks for has the backoff after it, and is never longer than the longest', () => {
  const { limiter } = limitWithoutServer({ random: () => 0.5 })
  expect(waitMs(limiter.decide(answered('30'), { attempt: 1, key }))).toBe(31_000)
  expect(waitMs(limiter.decide(answered('30'), { attempt: 3, key }))).toBe(34_000)
  expect(waitMs(limiter.decide(answered('119'), { attempt: 1, key }))).toBe(119_500)
  expect(waitMs(limiter.decide(answered('120'), { attempt: 1, key: 'other' }))).toBe(120_000)
  expect(limiter.decide(answered('121'), { attempt: 1, key: 'third' })).toEqual({
    retry: false,
    reason: 'wait_too_long',
  })
})

test('what the service told one request binds the retries of its key, and of no other', () => {
  const { limiter, clock } = limitWithoutServer()
  limiter.decide(answered('100'), { attempt: 1, key })
  clock.advance(40_000)
  expect(waitMs(limiter.decide(answered(), { attempt: 1, key }))).toBe(60_000)
  expect(waitMs(limiter.decide(answered('5'), { attempt: 1, key }))).toBe(60_000)
  expect(waitMs(limiter.decide(answered(), { attempt: 1, key: 'other' }))).toBe(0)
  clock.advance(60_000)
  expect(waitMs(limiter.decide(answered(), { attempt: 1, key }))).toBe(0)
})

test('it binds them for an hour, or as long as maxRetryAfterMs says', () => {
  for (const [options, boundMs] of [
    [{}, 3_600_000],
    [{ maxRetryAfterMs: 50_000 }, 50_000],
  ] as const) {
    const { limiter, clock } = limitWithoutServer(options)
    limiter.decide(answered('9'.repeat(400)), { attempt: 1, key })
    clock.advance(boundMs - 10)
    expect(waitMs(limiter.decide(answered(), { attempt: 1, key }))).toBe(10)
  }
})

test('a request has five retries, or maxRetries', () => {
  const { limiter } = limitWithoutServer()
  expect(limiter.decide(answered(), { attempt: 5, key }).retry).toBe(true)
  expect(limiter.decide(answered(), { attempt: 6, key })).toEqual({ retry: false, reason: 'retries_spent' })
  const none = limitWithoutServer({ maxRetries: 0 })
  expect(none.limiter.decide(answered(), { attempt: 1, key })).toEqual({ retry: false, reason: 'retries_spent' })
})

test('a wait that would outlast the deadline is not begun', () => {
  const { limiter } = limitWithoutServer({ totalMs: 10_000 })
  expect(limiter.decide(answered('4'), { attempt: 1, key, elapsedMs: 6_000 }).retry).toBe(true)
  expect(limiter.decide(answered('4'), { attempt: 1, key, elapsedMs: 6_001 })).toEqual({
    retry: false,
    reason: 'wait_too_long',
  })
})

test('an endless wait is too long, whatever is allowed', () => {
  const { limiter } = limitWithoutServer({ maxBackoffMs: Infinity })
  expect(limiter.decide(answered('9'.repeat(400)), { attempt: 1, key })).toEqual({
    retry: false,
    reason: 'wait_too_long',
  })
})

test('a row of 429s opens the breaker of the key, and good answers of probes close it', () => {
  const { limiter, clock, breaker } = limitWithoutServer({ trip: consecutiveFailures(2) })
  expect(limiter.decide(answered(), { attempt: 1, key }).retry).toBe(true)
  expect(limiter.decide(answered(), { attempt: 2, key })).toEqual({ retry: false, reason: 'circuit_open' })
  expect(limiter.breakers.for(key).state).toBe('open')
  // A result of a request that was sent before moves nothing, and is no rejection.
  limiter.decide(answered(undefined, 200), { attempt: 1, key })
  expect(breaker.status()).toMatchObject({ state: 'open', rejections: { open: 0 }, totals: { success: 0 } })
  clock.advance(300_000)
  for (let i = 0; i < 3; i++) limiter.decide(answered(undefined, 200), { attempt: 1, key })
  expect(breaker.state).toBe('closed')
})

test.each([0, -1, 1.5, Number.NaN])('an attempt of %d is refused', (attempt) => {
  const { limiter } = limitWithoutServer()
  expect(() => limiter.decide(answered(), { attempt, key })).toThrow(CircuitBreakerConfigError)
})

test('takes a Response, and header fields as other clients have them', () => {
  const { limiter } = limitWithoutServer()
  const waits = [
    new Response(null, { status: 429, headers: { 'Retry-After': '3' } }),
    { status: 429, headers: { 'Retry-After': '3' } },
    { status: 429, headers: { 'retry-after': ['3'] } },
    { status: 429, headers: { 'retry-after': 3 } },
    { status: 429, headers: new Map([['retry-after', '3']]) as never },
    { status: 429, headers: new Map([['retry-after', 3]]) as never },
    { status: 429, headers: { 'retry-after': undefined } },
    { status: 429 },
  ].map((given, i) => waitMs(limiter.decide(given, { attempt: 1, key: `key ${i}` })))
  expect(waits).toEqual([3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 0, 0])
})

test('several fields of one name are no time', () => {
  const { limiter } = limitWithoutServer()
  const given = { status: 429, headers: { 'retry-after': ['3', '3'] } }
  expect(waitMs(limiter.decide(given, { attempt: 1, key }))).toBe(0)
})

test('has its breakers in the registry of the process by default', () => {
  const limiter = new RateLimitHandler({ name: 'of the process', env: {}, trip: consecutiveFailures(1) })
  limiter.decide(answered(), { attempt: 1, key })
  expect(new RateLimitHandler({ name: 'of the process', env: {}, trip: consecutiveFailures(1) }).breakers).toBe(
    limiter.breakers,
  )
})

test('a response that cannot be read leaves no call behind', () => {
  const { limiter, breaker } = limitWithoutServer()
  const unreadable = {
    get status(): number {
      throw new TypeError('gone')
    },
  }
  expect(() => limiter.decide(unreadable, { attempt: 1, key })).toThrow('gone')
  expect(breaker.status().totals).toMatchObject({ active: 0, success: 0, failure: 0 })
})

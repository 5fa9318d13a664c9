import type { RateLimitHandler, RateLimitOptions } from '@switchgear/adapters/rate-limit'
import { answer } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { limit, limited, limitWithoutServer, answered } from './limit.ts'

const unbroken: RateLimitOptions = { breaker: false }

/** How many of so many requests, each of which gets one 429, may be sent again. */
function retries(limiter: RateLimitHandler, requests: number, key = 'api'): number {
  let count = 0
  for (let i = 0; i < requests; i++) if (limiter.decide(answered(), { attempt: 1, key }).retry) count++
  return count
}

test('a key has ten retries, and one more for each five first tries', () => {
  const { limiter } = limitWithoutServer(unbroken)
  expect(retries(limiter, 100)).toBe(30)
  expect(limiter.decide(answered(), { attempt: 1, key: 'api' })).toEqual({ retry: false, reason: 'budget_spent' })
})

test('further tries of one request take from the budget too, and add nothing to it', () => {
  const { limiter } = limitWithoutServer({ ...unbroken, budget: { share: 1, minimum: 1 } })
  const decisions = [1, 2, 3].map((attempt) => limiter.decide(answered(), { attempt, key: 'api' }).retry)
  expect(decisions).toEqual([true, true, false])
})

test('good answers add to it', () => {
  const { limiter } = limitWithoutServer({ ...unbroken, budget: { minimum: 0 } })
  for (let i = 0; i < 50; i++) limiter.decide(answered(undefined, 200), { attempt: 1, key: 'api' })
  expect(retries(limiter, 40)).toBe(18)
})

test('each key has its own', () => {
  const { limiter } = limitWithoutServer({ ...unbroken, budget: { share: 0, minimum: 2 } })
  expect([retries(limiter, 5, 'a'), retries(limiter, 5, 'b')]).toEqual([2, 2])
})

test('what is older than the window is forgotten, by and by', () => {
  const { limiter, clock } = limitWithoutServer({ ...unbroken, budget: { share: 0, minimum: 4, windowMs: 10_000 } })
  expect(retries(limiter, 2)).toBe(2)
  clock.advance(5_000)
  expect(retries(limiter, 5)).toBe(2)
  clock.advance(4_000)
  expect(retries(limiter, 5)).toBe(0)
  clock.advance(1_000)
  expect(retries(limiter, 5)).toBe(2)
  clock.advance(1_000_000)
  expect(retries(limiter, 5)).toBe(4)
})

test('after a long time all of it is forgotten', () => {
  const { limiter, clock } = limitWithoutServer({ ...unbroken, budget: { share: 0, minimum: 10, windowMs: 10_000 } })
  for (let i = 0; i < 10; i++) {
    expect(retries(limiter, 1)).toBe(1)
    clock.advance(1_000)
  }
  clock.advance(1_000_000)
  expect(retries(limiter, 20)).toBe(10)
})

test('it works on a clock that starts below 0, and with a window without end', () => {
  let now = -25_000
  const { limiter } = limitWithoutServer({
    ...unbroken,
    name: 'below',
    clock: { now: () => now },
    budget: { share: 0, minimum: 2, windowMs: 10_000 },
  })
  expect(retries(limiter, 5)).toBe(2)
  now = -20_000
  expect(retries(limiter, 5)).toBe(0)
  now = -15_000
  expect(retries(limiter, 5)).toBe(2)

  const endless = limitWithoutServer({ ...unbroken, budget: { share: 0, minimum: 2, windowMs: Infinity } })
  expect(retries(endless.limiter, 5)).toBe(2)
  endless.clock.advance(1e12)
  expect(retries(endless.limiter, 5)).toBe(0)
})

test('budget: false is no bound', () => {
  const { limiter } = limitWithoutServer({ ...unbroken, budget: false })
  expect(retries(limiter, 100)).toBe(100)
})

test('a request that is not sent again for another reason takes nothing from it', () => {
  const { limiter, clock } = limitWithoutServer({ ...unbroken, budget: { share: 0, minimum: 1, windowMs: Infinity } })
  limiter.decide(answered('500'), { attempt: 1, key: 'api' })
  clock.advance(500_000)
  limiter.decide(answered(), { attempt: 6, key: 'api' })
  limiter.decide(answered(undefined, 200), { attempt: 1, key: 'api' })
  expect(retries(limiter, 3)).toBe(1)
})

test('limiter.fetch gives the 429 at once when the budget is spent', async () => {
  const { server, limiter } = await limit({ ...unbroken, budget: { share: 0, minimum: 1 } })
  server.next(limited(), answer())
  expect((await limiter.fetch(server.url)).status).toBe(200)
  server.always(limited())
  const response = await limiter.fetch(server.url)
  expect([response.status, await response.text(), server.requests.length]).toEqual([429, 'slow down', 3])
})

import { RateLimitHandler, type RateLimitOptions, withRateLimitOptions } from '@switchgear/adapters/rate-limit'
import { expectTypeOf, test } from 'vitest'

test('limiter.fetch has the type of fetch', () => {
  expectTypeOf(new RateLimitHandler().fetch).toEqualTypeOf(globalThis.fetch)
})

test('an init keeps its type', () => {
  expectTypeOf(withRateLimitOptions({ totalMs: 5 })).toEqualTypeOf<RequestInit>()
  expectTypeOf(withRateLimitOptions({ totalMs: 5 }, { method: 'PUT', agent: 5 })).toEqualTypeOf<{
    method: string
    agent: number
  }>()
})

test('what has no meaning here is no option', () => {
  const create = (options: RateLimitOptions): RateLimitHandler => new RateLimitHandler(options)
  // @ts-expect-error it makes no time limit: the fetch underneath may
  create({ timeoutMs: 1_000 })
  // @ts-expect-error a snapshot is one breaker's, and here are many
  create({ restore: {} })
})

import { breakerFetch, withFetchOptions } from '@switchgear/adapters/fetch'
import { expectTypeOf, test } from 'vitest'

test('the type is that of fetch', () => {
  expectTypeOf(breakerFetch()).toEqualTypeOf(globalThis.fetch)
})

test('what has no meaning here is no option', () => {
  // @ts-expect-error a snapshot is one breaker's, and here are many
  breakerFetch({ restore: {} })
  // @ts-expect-error a name that does not exist
  breakerFetch({ timeout: 1_000 })
})

test('an init keeps its type, and is one for any fetch', () => {
  expectTypeOf(withFetchOptions({ timeoutMs: 5 })).toEqualTypeOf<RequestInit>()
  expectTypeOf(withFetchOptions({ retry: true }, { method: 'PUT', agent: 5 })).toEqualTypeOf<{
    method: string
    agent: number
  }>()
})

test('what all requests share is no option of a call', () => {
  // @ts-expect-error the budget is that of all requests
  withFetchOptions({ retry: { budget: false } })
  // @ts-expect-error the breaker is that of all requests
  withFetchOptions({ openMs: 1_000 })
})

import { breakerFetch } from '@switchgear/adapters/fetch'
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

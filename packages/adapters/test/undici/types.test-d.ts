import { breakerInterceptor } from '@switchgear/adapters/undici'
import type { Dispatcher as Dispatcher8 } from 'undici'
import { Agent as Agent8 } from 'undici'
import type { Dispatcher as Dispatcher7 } from 'undici7'
import { Agent as Agent7 } from 'undici7'
import { expectTypeOf, test } from 'vitest'

test('it is an interceptor of undici 8 and of undici 7', () => {
  expectTypeOf(new Agent8().compose(breakerInterceptor())).toEqualTypeOf<Dispatcher8.ComposedDispatcher>()
  expectTypeOf(new Agent7().compose(breakerInterceptor())).toEqualTypeOf<Dispatcher7.ComposedDispatcher>()
  expectTypeOf(breakerInterceptor()).toExtend<Dispatcher8.DispatcherComposeInterceptor>()
  expectTypeOf(breakerInterceptor()).toExtend<Dispatcher7.DispatcherComposeInterceptor>()
})

test('it can stand among others, in a list too', () => {
  const agent = new Agent8()
  expectTypeOf(
    agent.compose([breakerInterceptor(), (dispatch) => dispatch]),
  ).toEqualTypeOf<Dispatcher8.ComposedDispatcher>()
})

test('key is given the origin and what is known of the request', () => {
  breakerInterceptor({
    key(origin, request) {
      expectTypeOf(origin).toEqualTypeOf<URL>()
      expectTypeOf(request.method).toEqualTypeOf<string>()
      expectTypeOf(request.path).toEqualTypeOf<string>()
      return undefined
    },
  })
})

test('what has no meaning here is no option', () => {
  // @ts-expect-error a snapshot is one breaker's, and here are many
  breakerInterceptor({ restore: {} })
  // @ts-expect-error there is no Response to give
  breakerInterceptor({ onOpen: () => new Response() })
  // @ts-expect-error a name that does not exist
  breakerInterceptor({ timeout: 1_000 })
})

import { type CircuitBreaker, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { breakerInterceptor, type BreakerInterceptorOptions } from '@switchgear/adapters/undici'
import { FlakyServer } from '@switchgear/testkit'
import * as undici8 from 'undici'
import { onTestFinished } from 'vitest'
import { undici7 } from './undici7.ts'

export type Undici = typeof undici8
type Dispatcher = undici8.Dispatcher
type Interceptor = undici8.Dispatcher.DispatcherComposeInterceptor

/** The versions of undici, each with its name. */
export const versions: [name: string, undici: Undici][] = [
  ['undici 8', undici8],
  ['undici 7', undici7],
]

/** A dispatcher with a `breakerInterceptor` on a clock of the test, and the server that it talks to. */
export interface Guard {
  readonly undici: Undici
  readonly server: FlakyServer
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
  readonly dispatcher: Dispatcher
  /** The breaker for the server's origin. */
  readonly breaker: CircuitBreaker
  /** Makes a request of the server and reads its body. */
  readonly get: (options?: Partial<undici8.Dispatcher.RequestOptions>) => Promise<{ statusCode: number; body: string }>
}

/** What stands around the interceptor: `inside` is nearer to the network. */
export interface Company {
  readonly inside?: readonly Interceptor[]
  readonly outside?: readonly Interceptor[]
}

/** Starts a server and guards a dispatcher, until the test is over. */
export async function guard(
  undici: Undici,
  options: BreakerInterceptorOptions = {},
  { inside = [], outside = [] }: Company = {},
): Promise<Guard> {
  const server = await FlakyServer.start()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1) })
  const registry = new CircuitBreakerRegistry({ clock })
  const agent = new undici.Agent()
  onTestFinished(() => agent.destroy())
  const dispatcher = agent.compose(
    ...inside,
    breakerInterceptor({ registry, clock, openMs: 60_000, ...options }),
    ...outside,
  )
  return {
    undici,
    server,
    clock,
    registry,
    dispatcher,
    breaker: registry.keyed(options.name ?? 'undici').for(server.url),
    async get(request) {
      const { statusCode, body } = await dispatcher.request({
        origin: server.url,
        path: '/',
        method: 'GET',
        ...request,
      })
      return { statusCode, body: await body.text() }
    },
  }
}

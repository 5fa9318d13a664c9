import { type CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { breakerFetch, type BreakerFetchOptions } from '@switchgear/adapters/fetch'
import { FlakyServer } from '@switchgear/testkit'
import { onTestFinished } from 'vitest'

/** A `breakerFetch` on a clock of the test, and the server that it talks to. */
export interface Guard {
  readonly server: FlakyServer
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
  readonly fetch: typeof globalThis.fetch
  /** The breaker for the server's origin. */
  readonly breaker: CircuitBreaker
}

/** Starts a server and guards it, until the test is over. */
export async function guard(options: BreakerFetchOptions = {}): Promise<Guard> {
  const server = await FlakyServer.start()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, ...guardWithoutServer(options, server.url) }
}

/** The same where no request reaches a server, or one that the test has started. */
export function guardWithoutServer(options: BreakerFetchOptions, key: string): Omit<Guard, 'server'> {
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1) })
  const registry = new CircuitBreakerRegistry({ clock })
  const fetch = breakerFetch({ registry, clock, openMs: 60_000, ...options })
  return { clock, registry, fetch, breaker: registry.keyed(options.name ?? 'fetch').for(key) }
}

export const firstFailureOpens: BreakerFetchOptions = { trip: consecutiveFailures(1) }

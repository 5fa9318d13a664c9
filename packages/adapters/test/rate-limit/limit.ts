import { RateLimitHandler, type RateLimitOptions } from '@switchgear/adapters/rate-limit'
import { type CircuitBreaker, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { answer, FlakyServer, type Reply } from '@switchgear/testkit'
import { onTestFinished } from 'vitest'

/** A `RateLimitHandler` on a clock of the test, whose chance is none, and the server that it talks to. */
export interface Limit {
  readonly server: FlakyServer
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
  readonly limiter: RateLimitHandler
  /** The breaker for the server's origin. */
  readonly breaker: CircuitBreaker
}

/** Starts a server with a rate limit to be heeded, until the test is over. */
export async function limit(options: RateLimitOptions = {}): Promise<Limit> {
  const server = await FlakyServer.start()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, ...limitWithoutServer(options, server.url) }
}

/** The same where no request reaches a server. */
export function limitWithoutServer(options: RateLimitOptions = {}, key = 'api'): Omit<Limit, 'server'> {
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1) })
  const registry = new CircuitBreakerRegistry({ clock })
  const limiter = new RateLimitHandler({ registry, env: {}, random: () => 0, ...options })
  return { clock, registry, limiter, breaker: limiter.breakers.for(key) }
}

/** A 429. */
export function limited(retryAfter?: string, body = 'slow down'): Reply {
  return answer({ status: 429, body, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } })
}

/** A response as `decide` takes it. */
export function answered(
  retryAfter?: string,
  status = 429,
): { readonly status: number; readonly headers: Record<string, string> } {
  return { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } }
}

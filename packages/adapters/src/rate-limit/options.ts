import {
  type CircuitBreakerRegistry,
  consecutiveFailures,
  type Environment,
  getDefaultRegistry,
  type KeyedBreakers,
  type KeyedOptions,
  type OptionRule,
  validateOptions,
} from '@switchgear/core'
import { duration, familyRules } from '../http/family-rules.ts'
import { nameWithin, originOf } from '../http/origin-key.ts'
import { KeyPaces, type RetryLimits } from '../retry/key-pace.ts'
import { mergeLimits, resolveBudget, type RetryOptions, retryRules } from '../retry/retry-options.ts'
import { rateLimitOptionsFromEnv } from './options-from-env.ts'

/** The options of a {@link RateLimitHandler}: its own, and those of the breakers that it makes. All can be left out. */
export interface RateLimitOptions extends RetryOptions, Omit<KeyedOptions, 'classify' | 'timeoutMs'> {
  /** Whether a key has a breaker that opens. Default: true. */
  breaker?: boolean
  /** Whether a `Retry-After` is heeded. `false`: waits are by backoff alone. Default: true. */
  heedRetryAfter?: boolean
  /**
   * For how many ms at most a `Retry-After` binds the other requests of its key: their retries wait for it too, and it holds
   * a breaker open that it opens. Default: 3,600,000, an hour.
   */
  maxRetryAfterMs?: number
  /**
   * What says whose limit a request counts against; undefined sends it past everything here. `init` is the `Request` itself
   * when that is all the caller gave. Default: the URL's origin, such as `https://api.example:8443`.
   */
  key?: (url: URL, init: RequestInit | undefined) => string | undefined
  /** The name of the family that the breakers belong to. What has the same name shares breakers. Default: `rate-limit`. */
  name?: string
  /** Where the breakers live. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry
  /** What sends the requests. Default: whatever `globalThis.fetch` is at the time of the call. */
  fetch?: typeof globalThis.fetch
  /** Environment variables to read options from (see `rateLimitOptionsFromEnv`); other options win. Default: those of the process. */
  env?: Environment
  /** What opens the breaker of a key; a 429 is a failure, any other response a success. Default: `consecutiveFailures(10)`. */
  trip?: NonNullable<KeyedOptions['trip']>
  /** How many keys may have a breaker of their own; further ones share one. Default: 256. */
  maxKeys?: number
  /** The name that a key's breaker has in metrics, spans and events. Default: `rate-limit:` and the key without its scheme. */
  nameOf?: ((key: string) => string) | undefined
}

/** Options checked and completed. */
export interface RateLimitConfig {
  readonly fetch: typeof globalThis.fetch | undefined
  readonly key: NonNullable<RateLimitOptions['key']>
  readonly heedRetryAfter: boolean
  readonly maxRetryAfterMs: number
  readonly limits: RetryLimits
  readonly breakers: KeyedBreakers
  readonly paces: KeyPaces
}

const flag: OptionRule = [(value) => typeof value === 'boolean', 'true or false']

const rules: Record<keyof RateLimitOptions, OptionRule> = {
  ...familyRules,
  ...retryRules,
  breaker: flag,
  heedRetryAfter: flag,
  maxRetryAfterMs: duration,
  fetch: [(value) => typeof value === 'function', 'a function like fetch'],
  env: [(value) => typeof value === 'object' && value !== null, 'an object'],
}

const FAMILY = 'rate-limit'
const defaultLimits: RetryLimits = {
  maxRetries: 5,
  baseBackoffMs: 2_000,
  maxBackoffMs: 120_000,
  totalMs: Number.POSITIVE_INFINITY,
  random: () => Math.random(),
}

/**
 * Checks options, fills in the environment's and the defaults, and makes the family of breakers.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed, of an option or a variable, and for a name that does not exist
 */
export function resolveRateLimitOptions(options: RateLimitOptions): RateLimitConfig {
  validateOptions('', options, rules)
  const fromEnv = rateLimitOptionsFromEnv(options.env)
  const { maxRetries, baseBackoffMs, maxBackoffMs, totalMs, budget, random, ...others } = options
  const { breaker, heedRetryAfter, maxRetryAfterMs = 3_600_000, key, name, registry, fetch, env: _, ...keyed } = others
  const opens = breaker ?? fromEnv.breaker ?? true
  const trip = keyed.trip ?? fromEnv.trip ?? consecutiveFailures(10)
  return {
    fetch,
    key: key ?? originOf,
    heedRetryAfter: heedRetryAfter ?? fromEnv.heedRetryAfter ?? true,
    maxRetryAfterMs,
    limits: mergeLimits(mergeLimits(defaultLimits, fromEnv), {
      maxRetries,
      baseBackoffMs,
      maxBackoffMs,
      totalMs,
      random,
    }),
    breakers: (registry ?? getDefaultRegistry()).keyed(name ?? FAMILY, {
      ...keyed,
      // One that never trips can still be opened by hand, and counts.
      trip: opens ? trip : consecutiveFailures(Number.MAX_SAFE_INTEGER),
      openMs: keyed.openMs ?? fromEnv.openMs ?? 300_000,
      maxKeys: keyed.maxKeys ?? 256,
      nameOf: keyed.nameOf ?? nameWithin(name ?? FAMILY),
    }),
    paces: new KeyPaces(resolveBudget(budget, 'budget.'), maxRetryAfterMs),
  }
}

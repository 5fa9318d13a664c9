import {
  type CircuitBreaker,
  type CircuitBreakerRegistry,
  type Clock,
  getDefaultRegistry,
  type KeyedBreakers,
  type KeyedOptions,
  type OptionRule,
  validateOptions,
} from '@switchgear/core'
import { duration, familyRules } from '../http/family-rules.ts'
import type { FetchParameters } from '../http/fetch-request.ts'
import { nameWithin, originOf } from '../http/origin-key.ts'
import { KeyPaces } from '../retry/key-pace.ts'
import { resolveBudget } from '../retry/retry-options.ts'
import { callOptionsOf, callRules, type FetchCallOptions } from './call-options.ts'
import { checkRetry, type FetchRetry, type FetchRetryOptions, resolveRetry } from './retry-options.ts'

/** The options of {@link breakerFetch}: its own, and those of the breakers that it makes. All can be left out. */
export interface BreakerFetchOptions extends KeyedOptions, Omit<FetchCallOptions, 'retry'> {
  /** What sends the requests. Default: whatever `globalThis.fetch` is at the time of the call. */
  fetch?: typeof globalThis.fetch
  /** Where the breakers live. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry
  /**
   * The name of the family that the breakers belong to. What is made with the same name shares breakers, and options: the
   * first ones win. Default: `fetch`.
   */
  name?: string
  /**
   * What says which breaker a request goes through; undefined sends it past all of them. `init` is the `Request` itself when
   * that is all the caller gave. Default: the URL's origin, such as `https://api.example:8443`.
   */
  key?: (url: URL, init: RequestInit | undefined) => string | undefined
  /**
   * The longest time, in ms, for which a `Retry-After` on a 429 or 503 that opens the breaker can hold it open. 0: never
   * longer than `openMs`. For as long at most, retries of other requests of the key wait too. Default: 600,000.
   */
  maxRetryAfterMs?: number
  /**
   * Sends a request again when it failed: `true`, or how. Only one that can be replayed; never while the breaker is open;
   * never before the time that a `Retry-After` says. The order is fixed: retries are outside the breaker, which sees each of
   * them, and `timeoutMs` is for each of them. Default: false.
   */
  retry?: boolean | FetchRetryOptions
  /** How many keys may have a breaker of their own; further ones share one. Default: 256. */
  maxKeys?: number
  /**
   * The name that a key's breaker has in metrics, spans and events. Default: the key, of an origin its host and port; after
   * the family's `name` where that is given: `search:api.example`.
   */
  nameOf?: ((key: string) => string) | undefined
}

/** Options checked and completed. */
export interface FetchConfig {
  readonly fetch: typeof globalThis.fetch | undefined
  readonly key: NonNullable<BreakerFetchOptions['key']>
  readonly maxRetryAfterMs: number
  readonly calls: Omit<FetchCallOptions, 'retry'>
  readonly retry: FetchRetry | undefined
  readonly breakers: KeyedBreakers
  readonly paces: KeyPaces
}

/** How one call is made. */
export interface CallConfig {
  readonly onOpen: NonNullable<FetchCallOptions['onOpen']>
  readonly callerTimeout: 'failure' | 'ignored'
  readonly maxRetryAfterMs: number
  readonly timeoutMs: number
  readonly classify: KeyedOptions['classify']
  readonly clock: Required<Clock>
  readonly retry: FetchRetry | undefined
}

const FAMILY = 'fetch'
const rules: Record<keyof BreakerFetchOptions, OptionRule> = {
  ...familyRules,
  ...callRules,
  fetch: [(value) => typeof value === 'function', 'a function like fetch'],
  maxRetryAfterMs: duration,
}

/**
 * Checks options, fills in the defaults and makes the family of breakers.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function resolveFetchOptions(options: BreakerFetchOptions): FetchConfig {
  validateOptions('', options, rules)
  checkRetry(options.retry, false)
  // What makes a call is each function's own, whoever shares its breakers.
  const { fetch, registry, name, key, maxRetryAfterMs = 600_000, retry, ...others } = options
  const { timeoutMs, onOpen, callerTimeout, classify, ...keyed } = others
  const breakers = (registry ?? getDefaultRegistry()).keyed(name ?? FAMILY, {
    ...keyed,
    maxKeys: keyed.maxKeys ?? 256,
    nameOf: keyed.nameOf ?? nameWithin(name, FAMILY),
  })
  return {
    fetch,
    key: key ?? originOf,
    maxRetryAfterMs,
    calls: { timeoutMs, onOpen, callerTimeout, classify } as FetchConfig['calls'],
    retry: resolveRetry(retry, undefined),
    breakers,
    paces: new KeyPaces(
      resolveBudget(typeof retry === 'object' ? retry.budget : undefined, 'retry.budget.'),
      maxRetryAfterMs,
    ),
  }
}

/** The call's own options, over those of its function, over those of its breaker. */
export function resolveCall(
  { calls, maxRetryAfterMs, retry }: FetchConfig,
  { callOptions }: CircuitBreaker,
  request: FetchParameters,
): CallConfig {
  const call = callOptionsOf(request)
  return {
    onOpen: call?.onOpen ?? calls.onOpen ?? 'throw',
    callerTimeout: call?.callerTimeout ?? calls.callerTimeout ?? 'failure',
    maxRetryAfterMs,
    timeoutMs: call?.timeoutMs ?? calls.timeoutMs ?? callOptions.timeoutMs ?? Number.POSITIVE_INFINITY,
    classify: call?.classify ?? calls.classify ?? callOptions.classify,
    clock: callOptions.clock,
    retry: resolveRetry(call?.retry, retry),
  }
}

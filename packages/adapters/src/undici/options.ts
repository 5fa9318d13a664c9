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
import { duration, failureOrIgnored, familyRules, func } from '../http/family-rules.ts'
import { nameWithin, originOf } from '../http/origin-key.ts'

/** A request as undici dispatches it: what `key` may look at. */
export interface DispatchedRequest {
  readonly method: string
  readonly path: string
  /** In any of the forms that undici takes. */
  readonly headers?: unknown
}

/** What `classify` is given as the `value` of a request that was answered. */
export interface DispatchedResponse {
  readonly statusCode: number
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The options of {@link breakerInterceptor}: its own, and those of the breakers that it makes. All can be left out. */
export interface BreakerInterceptorOptions extends KeyedOptions {
  /** Where the breakers live. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry
  /**
   * The name of the family that the breakers belong to. What is made with the same name shares breakers, and options: the
   * first ones win. Default: `undici`.
   */
  name?: string
  /**
   * What says which breaker a request goes through; undefined sends it past all of them. Default: the origin itself, such as
   * `https://api.example:8443`.
   */
  key?: (origin: URL, request: DispatchedRequest) => string | undefined
  /**
   * The origin of requests that name none, where the dispatcher does not say it either: with undici 7, those of a `Client`
   * or a `Pool`. Default: such a request is rejected with a `CircuitBreakerConfigError`.
   */
  origin?: string | URL | undefined
  /**
   * What comes of a request that is not admitted: `throw` its `CircuitOpenError`, as the error of the request; or `respond`
   * with a 503 problem document (RFC 9457) that has a `Retry-After`. A request for an upgrade or a tunnel fails in either
   * case. Default: `throw`.
   */
  onOpen?: 'throw' | 'respond'
  /**
   * What a deadline of the caller's own (`AbortSignal.timeout`, or another breaker's time limit) counts as when it passes.
   * Default: `failure`.
   */
  callerTimeout?: 'failure' | 'ignored'
  /**
   * The longest time, in ms, for which a `Retry-After` on a 429 or 503 that opens the breaker can hold it open. 0: never
   * longer than `openMs`. Default: 600,000.
   */
  maxRetryAfterMs?: number
  /**
   * After how many ms without response headers, waiting for a connection included, a request is aborted with a
   * `CircuitTimeoutError`, which is a failure. The body may take longer. Default: the `timeoutMs` of the registry's
   * defaults; else none.
   */
  timeoutMs?: number | undefined
  /** The caller's own verdict on `{ value: response }`, a {@link DispatchedResponse}, or `{ error }`; undefined leaves it to the default. */
  classify?: KeyedOptions['classify']
  /** How many keys may have a breaker of their own; further ones share one. Default: 256. */
  maxKeys?: number
  /**
   * The name that a key's breaker has in metrics, spans and events. Default: the family's name and the key, of an origin its
   * host and port: `undici:api.example`.
   */
  nameOf?: ((key: string) => string) | undefined
}

/** Options checked and completed. */
export interface InterceptorConfig {
  readonly key: NonNullable<BreakerInterceptorOptions['key']>
  readonly origin: string | URL | undefined
  readonly breakers: KeyedBreakers
  readonly onOpen: 'throw' | 'respond'
  readonly maxRetryAfterMs: number
  readonly callerTimeout: 'failure' | 'ignored'
  readonly timeoutMs: number | undefined
  readonly classify: KeyedOptions['classify']
}

/** How one request is made. */
export interface RequestConfig extends Pick<InterceptorConfig, 'maxRetryAfterMs' | 'callerTimeout' | 'classify'> {
  readonly breakerName: string
  readonly timeoutMs: number
  readonly clock: Required<Clock>
}

const rules: Record<keyof BreakerInterceptorOptions, OptionRule> = {
  ...familyRules,
  origin: [(value) => URL.canParse(String(value)), 'a URL, such as https://api.example'],
  onOpen: [(value) => value === 'throw' || value === 'respond', '"throw" or "respond"'],
  callerTimeout: failureOrIgnored,
  maxRetryAfterMs: duration,
  timeoutMs: duration,
  classify: func,
}
const FAMILY = 'undici'

/**
 * Checks options, fills in the defaults and makes the family of breakers.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function resolveInterceptorOptions(options: BreakerInterceptorOptions): InterceptorConfig {
  validateOptions('', options, rules)
  const { registry, name = FAMILY, key = originOf, origin, onOpen = 'throw', ...others } = options
  // What makes a call is each interceptor's own, whoever shares its breakers.
  const { callerTimeout = 'failure', maxRetryAfterMs = 600_000, timeoutMs, classify, ...keyed } = others
  const breakers = (registry ?? getDefaultRegistry()).keyed(name, {
    ...keyed,
    maxKeys: keyed.maxKeys ?? 256,
    nameOf: keyed.nameOf ?? nameWithin(name),
  })
  return { key, origin, breakers, onOpen, maxRetryAfterMs, callerTimeout, timeoutMs, classify }
}

/** The interceptor's own options, over those of its breaker. */
export function resolveRequest(
  { maxRetryAfterMs, callerTimeout, timeoutMs, classify }: InterceptorConfig,
  { name, callOptions }: CircuitBreaker,
): RequestConfig {
  return {
    breakerName: name,
    maxRetryAfterMs,
    callerTimeout,
    timeoutMs: timeoutMs ?? callOptions.timeoutMs ?? Number.POSITIVE_INFINITY,
    classify: classify ?? callOptions.classify,
    clock: callOptions.clock,
  }
}

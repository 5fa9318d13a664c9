import {
  CircuitBreakerConfigError,
  type CircuitBreakerRegistry,
  type CircuitOpenError,
  type Clock,
  getDefaultRegistry,
  type KeyedBreakers,
  type KeyedOptions,
  systemClock,
} from '@switchgear/core'

/** Gives a response of its own for a request that the breaker rejected and that was not sent. */
export type OpenResponder = (
  error: CircuitOpenError,
  ...request: Parameters<typeof globalThis.fetch>
) => Response | PromiseLike<Response>

/** The options of {@link breakerFetch}: its own, and those of the breakers that it makes. All can be left out. */
export interface BreakerFetchOptions extends KeyedOptions {
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
   * What comes of a request that is not admitted: `throw` its `CircuitOpenError`; `respond` with a 503 problem document (RFC
   * 9457) that has a `Retry-After`; or a function that gives a response. Default: `throw`.
   */
  onOpen?: 'throw' | 'respond' | OpenResponder
  /** What a deadline of the caller's own (`AbortSignal.timeout`, or another breaker's time limit) counts as when it passes. Default: `failure`. */
  callerTimeout?: 'failure' | 'ignored'
  /**
   * The longest time, in ms, for which a `Retry-After` on a 429 or 503 that opens the breaker can hold it open. 0: never
   * longer than `openMs`. Default: 600,000.
   */
  maxRetryAfterMs?: number
  /**
   * After how many ms without response headers a request is aborted with a `CircuitTimeoutError`, which is a failure. The
   * body may take longer. Default: none.
   */
  timeoutMs?: number | undefined
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
  readonly onOpen: NonNullable<BreakerFetchOptions['onOpen']>
  readonly callerTimeout: 'failure' | 'ignored'
  readonly maxRetryAfterMs: number
  readonly timeoutMs: number
  readonly classify: KeyedOptions['classify']
  readonly clock: Clock
  readonly breakers: KeyedBreakers
}

type Rule = readonly [isAllowed: (value: unknown) => boolean, allowed: string]

const isFunction = (value: unknown): boolean => typeof value === 'function'
const duration: Rule = [(value) => typeof value === 'number' && value >= 0, 'a number of ms, 0 or more']
const FAMILY = 'fetch'
// The registry checks what is its own.
const ofKeyed = undefined

const rules: Record<keyof BreakerFetchOptions, Rule | undefined> = {
  fetch: [isFunction, 'a function like fetch'],
  registry: [(value) => isFunction((value as { keyed?: unknown } | null)?.keyed), 'a CircuitBreakerRegistry'],
  name: [(value) => typeof value === 'string' && value !== '', 'a string that is not empty'],
  key: [isFunction, 'a function that gives a name or undefined'],
  onOpen: [
    (value) => value === 'throw' || value === 'respond' || isFunction(value),
    '"throw", "respond" or a function that gives a Response',
  ],
  callerTimeout: [(value) => value === 'failure' || value === 'ignored', '"failure" or "ignored"'],
  maxRetryAfterMs: duration,
  timeoutMs: duration,
  classify: [isFunction, 'a function'],
  trip: ofKeyed,
  openMs: ofKeyed,
  halfOpen: ofKeyed,
  rampUp: ofKeyed,
  recoverWhen: ofKeyed,
  mode: ofKeyed,
  critical: ofKeyed,
  clock: ofKeyed,
  redact: ofKeyed,
  maxKeys: ofKeyed,
  idleMs: ofKeyed,
  nameOf: ofKeyed,
}

/**
 * Checks options, fills in the defaults and makes the family of breakers.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function resolveFetchOptions(options: BreakerFetchOptions): FetchConfig {
  if (typeof options !== 'object' || options === null)
    throw new CircuitBreakerConfigError('options', options, 'an object')
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new CircuitBreakerConfigError(name, value, `no option of this name, only ${Object.keys(rules).join(', ')}`)
    }
    const rule = rules[name as keyof BreakerFetchOptions]
    if (value !== undefined && rule !== undefined && !rule[0](value)) {
      throw new CircuitBreakerConfigError(name, value, rule[1])
    }
  }
  // Time limits and verdicts are each function's own, whoever shares its breakers.
  const { fetch, registry, name, key, onOpen, callerTimeout, maxRetryAfterMs, timeoutMs, classify, ...keyed } = options
  const breakers = (registry ?? getDefaultRegistry()).keyed(name ?? FAMILY, {
    ...keyed,
    maxKeys: keyed.maxKeys ?? 256,
    nameOf: keyed.nameOf ?? nameIn(name),
  })
  return {
    fetch,
    key: key ?? originOf,
    onOpen: onOpen ?? 'throw',
    callerTimeout: callerTimeout ?? 'failure',
    maxRetryAfterMs: maxRetryAfterMs ?? 600_000,
    timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
    classify,
    clock: keyed.clock ?? systemClock,
    breakers,
  }
}

/** A URL that names no host (`data:`, `blob:`) stands for no service. */
function originOf({ protocol, host }: URL): string | undefined {
  return host === '' ? undefined : `${protocol}//${host}`
}

/** How a family names its breakers: two families may guard one host, and labels hold no URL. */
function nameIn(family = FAMILY): (key: string) => string {
  const prefix = family === FAMILY ? '' : `${family}:`
  return (key) => prefix + key.replace(/^\w+:\/\//, '')
}

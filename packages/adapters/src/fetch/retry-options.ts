import { type OptionRule, validateOptions } from '@switchgear/core'
import type { RetryLimits } from '../retry/key-pace.ts'
import { mergeLimits, type RetryOptions, retryRules, type RetryTimes, retryTimesRules } from '../retry/retry-options.ts'

interface RetriedMethods {
  /**
   * The methods of requests that may be sent again after a failure. A 429 is taken to say that nothing was done: after it,
   * those of any method are. Default: those that are idempotent (RFC 9110, 9.2.2): GET, HEAD, OPTIONS, TRACE, PUT, DELETE and QUERY.
   */
  methods?: readonly string[]
}

/** How a `breakerFetch` sends requests again. All can be left out. */
export interface FetchRetryOptions extends RetryOptions, RetriedMethods {}

/** How one call of a `breakerFetch` is sent again. All can be left out. */
export interface FetchCallRetryOptions extends RetryTimes, RetriedMethods {}

/** How failed requests are sent again. */
export interface FetchRetry {
  readonly limits: RetryLimits
  readonly methods: ReadonlySet<string>
}

const methods: OptionRule = [
  (value) => Array.isArray(value) && value.every((method) => typeof method === 'string'),
  'a list of methods',
]
const rules: Record<keyof FetchRetryOptions, OptionRule> = { ...retryRules, methods }
const callRules: Record<keyof FetchCallRetryOptions, OptionRule> = { ...retryTimesRules, methods }

const defaults: FetchRetry = {
  limits: {
    maxRetries: 2,
    baseBackoffMs: 200,
    maxBackoffMs: 10_000,
    totalMs: Number.POSITIVE_INFINITY,
    random: () => Math.random(),
  },
  methods: new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']),
}

/** @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed */
export function checkRetry(retry: boolean | FetchRetryOptions | undefined, isOfCall: boolean): void {
  if (typeof retry === 'object') validateOptions('retry.', retry, isOfCall ? callRules : rules)
}

/** `retry` over what holds where it says nothing; undefined: requests are sent once. */
export function resolveRetry(
  retry: boolean | FetchRetryOptions | undefined,
  otherwise: FetchRetry | undefined,
): FetchRetry | undefined {
  if (retry === undefined) return otherwise
  if (retry === false) return undefined
  const base = otherwise ?? defaults
  if (retry === true) return base
  return {
    limits: mergeLimits(base.limits, retry),
    methods: retry.methods === undefined ? base.methods : new Set(retry.methods.map((method) => method.toUpperCase())),
  }
}

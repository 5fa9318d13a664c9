import { type CircuitOpenError, type KeyedOptions, type OptionRule, validateOptions } from '@switchgear/core'
import { duration, failureOrIgnored, func } from '../http/family-rules.ts'
import { copyInit, type FetchParameters } from '../http/fetch-request.ts'
import { checkRetry, type FetchCallRetryOptions } from './retry-options.ts'

/** Gives a response of its own for a request that the breaker rejected and that was not sent. */
export type OpenResponder = (
  error: CircuitOpenError,
  ...request: Parameters<typeof globalThis.fetch>
) => Response | PromiseLike<Response>

/** What a single call may have otherwise than its `breakerFetch` says. All can be left out. */
export interface FetchCallOptions {
  /**
   * After how many ms without response headers a request is aborted with a `CircuitTimeoutError`, which is a failure. The
   * body may take longer; each retry has as long. Default: the `timeoutMs` of the registry's defaults; else none.
   */
  timeoutMs?: number | undefined
  /**
   * Sends a request again when it failed: `true`, or how. Only one that can be replayed; never while the breaker is open;
   * never before the time that a `Retry-After` says. Default: false.
   */
  retry?: boolean | FetchCallRetryOptions
  /**
   * What comes of a request that is not admitted: `throw` its `CircuitOpenError`; `respond` with a 503 problem document (RFC
   * 9457) that has a `Retry-After`; or a function that gives a response. Default: `throw`.
   */
  onOpen?: 'throw' | 'respond' | OpenResponder
  /** What a deadline of the caller's own (`AbortSignal.timeout`, or another breaker's time limit) counts as when it passes. Default: `failure`. */
  callerTimeout?: 'failure' | 'ignored'
  /** The caller's own verdict on `{ value: response }` or `{ error }`; undefined leaves it to the default. */
  classify?: KeyedOptions['classify']
}

export const callRules: Record<keyof FetchCallOptions, OptionRule> = {
  timeoutMs: duration,
  retry: [
    (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    'true, false or an object',
  ],
  onOpen: [
    (value) => value === 'throw' || value === 'respond' || typeof value === 'function',
    '"throw", "respond" or a function that gives a Response',
  ],
  callerTimeout: failureOrIgnored,
  classify: func,
}

// One in the whole process, so that another copy of this package reads it too. Other fetches do not look at it.
const key: unique symbol = Symbol.for('switchgear.fetchOptions') as never

/**
 * Gives an `init` with which a `breakerFetch` makes one call otherwise: `fetch(url, withFetchOptions({ timeoutMs: 500 }))`.
 * What else is in `init` is copied. Any other `fetch` takes no notice.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function withFetchOptions<Init extends object = RequestInit>(options: FetchCallOptions, init?: Init): Init {
  validateOptions('', options, callRules)
  checkRetry(options.retry, true)
  return { ...copyInit(init ?? ({} as Init)), [key]: Object.freeze({ ...options }) }
}

/** What {@link withFetchOptions} has put in. */
export function callOptionsOf([, init]: FetchParameters): FetchCallOptions | undefined {
  return (init as { [key]?: FetchCallOptions } | undefined)?.[key]
}

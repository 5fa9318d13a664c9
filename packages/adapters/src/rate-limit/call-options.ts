import { type OptionRule, validateOptions } from '@switchgear/core'
import { copyInit, type FetchParameters } from '../http/fetch-request.ts'
import { type RetryTimes, retryTimesRules } from '../retry/retry-options.ts'

/** What a single call may have otherwise than its `RateLimitHandler` says. All can be left out. */
export type RateLimitCallOptions = RetryTimes

const rules: Record<keyof RateLimitCallOptions, OptionRule> = retryTimesRules

// One in the whole process, so that another copy of this package reads it too. Other fetches do not look at it.
const key: unique symbol = Symbol.for('switchgear.rateLimitOptions') as never

/**
 * Gives an `init` with which `limiter.fetch` makes one call otherwise, such as with a deadline:
 * `limiter.fetch(url, withRateLimitOptions({ totalMs: 5_000 }))`. What else is in `init` is copied. Any other `fetch` takes
 * no notice.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function withRateLimitOptions<Init extends object = RequestInit>(
  options: RateLimitCallOptions,
  init?: Init,
): Init {
  validateOptions('', options, rules)
  return { ...copyInit(init ?? ({} as Init)), [key]: Object.freeze({ ...options }) }
}

/** What {@link withRateLimitOptions} has put in. */
export function callOptionsOf([, init]: FetchParameters): RateLimitCallOptions | undefined {
  return (init as { [key]?: RateLimitCallOptions } | undefined)?.[key]
}

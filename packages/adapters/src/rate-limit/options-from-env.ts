import { consecutiveFailures, type Environment, readVariable } from '@switchgear/core'
import type { RateLimitOptions } from './options.ts'

/**
 * The options of a `RateLimitHandler` that environment variables ask for:
 *
 * - `RATE_LIMIT_MAX_RETRIES`: tries after the first one;
 * - `RATE_LIMIT_BASE_BACKOFF`, `RATE_LIMIT_MAX_BACKOFF`: the first backoff and the longest wait, in seconds;
 * - `RATE_LIMIT_RETRY_AFTER_ENABLED`: whether `Retry-After` is heeded;
 * - `RATE_LIMIT_CB_ENABLED`: whether a key has a breaker that opens;
 * - `RATE_LIMIT_CB_THRESHOLD`: 429s in a row that open it;
 * - `RATE_LIMIT_CB_TIMEOUT`: how long it stays open, in seconds.
 *
 * A variable that is not set, or empty, asks for nothing. Default: the process's own environment, where there is one.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed; it names the variable
 */
export function rateLimitOptionsFromEnv(env?: Environment): RateLimitOptions {
  const maxRetries = readVariable('RATE_LIMIT_MAX_RETRIES', 'amount', env)
  const baseBackoffSeconds = readVariable('RATE_LIMIT_BASE_BACKOFF', 'seconds', env)
  const maxBackoffSeconds = readVariable('RATE_LIMIT_MAX_BACKOFF', 'seconds', env)
  const heedRetryAfter = readVariable('RATE_LIMIT_RETRY_AFTER_ENABLED', 'flag', env)
  const breaker = readVariable('RATE_LIMIT_CB_ENABLED', 'flag', env)
  const threshold = readVariable('RATE_LIMIT_CB_THRESHOLD', 'count', env)
  const openSeconds = readVariable('RATE_LIMIT_CB_TIMEOUT', 'seconds', env)
  return {
    ...(maxRetries !== undefined && { maxRetries }),
    ...(baseBackoffSeconds !== undefined && { baseBackoffMs: baseBackoffSeconds * 1_000 }),
    ...(maxBackoffSeconds !== undefined && { maxBackoffMs: maxBackoffSeconds * 1_000 }),
    ...(heedRetryAfter !== undefined && { heedRetryAfter }),
    ...(breaker !== undefined && { breaker }),
    ...(threshold !== undefined && { trip: consecutiveFailures(threshold) }),
    ...(openSeconds !== undefined && { openMs: openSeconds * 1_000 }),
  }
}

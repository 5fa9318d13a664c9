import { type CircuitBreaker, CircuitBreakerConfigError, type OptionRule, validateOptions } from '@switchgear/core'
import type { GuardSettings } from './operation.ts'

/** The options of {@link guardBucket} and {@link guardFile}. All can be left out. */
export interface GcsGuardOptions {
  /**
   * After how many ms in which the service does nothing, while it is its turn, an operation is broken off with a
   * `CircuitTimeoutError`, which is a failure. Default: the breaker's `timeoutMs`.
   */
  timeoutMs?: number | undefined
  /**
   * Breaks off what is done through this guard: it rejects with `signal.reason`, and counts as ignored; a deadline
   * (`AbortSignal.timeout`) counts as a failure. Default: none.
   */
  signal?: AbortSignal | undefined
}

const rules: Readonly<Record<keyof GcsGuardOptions, OptionRule>> = {
  timeoutMs: [(value) => typeof value === 'number' && value > 0, 'a number of ms above 0'],
  signal: [(value) => typeof (value as { aborted?: unknown } | null)?.aborted === 'boolean', 'an AbortSignal'],
}

/**
 * Checks what a guard is given.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function resolveGuard(breaker: CircuitBreaker, options: GcsGuardOptions): GuardSettings {
  if (typeof (breaker as Partial<CircuitBreaker> | undefined)?.acquire !== 'function') {
    throw new CircuitBreakerConfigError('breaker', breaker, 'a CircuitBreaker')
  }
  validateOptions('', options, rules)
  const timeoutMs = options.timeoutMs ?? breaker.callOptions.timeoutMs ?? Number.POSITIVE_INFINITY
  return { breaker, timeoutMs, signal: options.signal }
}

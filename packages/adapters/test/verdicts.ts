import type { CircuitBreaker } from '@switchgear/core'

/** The verdicts that a breaker has counted, and the calls that it waits for. */
export function verdicts(breaker: CircuitBreaker): Record<'success' | 'failure' | 'ignored' | 'active', number> {
  const { success, failure, ignored, active } = breaker.status().totals
  return { success, failure, ignored, active }
}

import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail } from './drive.ts'

/** A breaker whose open time is just over. */
export function halfOpen(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 60_000, ...options })
  fail(breaker)
  clock.advance(60_000)
  return { breaker, clock }
}

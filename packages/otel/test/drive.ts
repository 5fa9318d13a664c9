import { type CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'

/** The service is down, as its client says it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
}

/** A registry whose breakers trip at the second failure, for a second, and close after one good probe. */
export function createRegistry(clock: ManualClock = new ManualClock({ wallNow: 1_000_000 })): CircuitBreakerRegistry {
  return new CircuitBreakerRegistry({
    clock,
    defaults: { trip: consecutiveFailures(2), openMs: 1_000, halfOpen: { successesToClose: 1 } },
  })
}

export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let i = 0; i < times; i++) breaker.acquire().success()
}

export function fail(breaker: CircuitBreaker, times = 1, error: unknown = new ServiceError('down')): void {
  for (let i = 0; i < times; i++) breaker.acquire().failure(error)
}

/** Calls that are not admitted. */
export function beRejected(breaker: CircuitBreaker, times = 1): void {
  for (let i = 0; i < times; i++) {
    if (breaker.tryAcquire() !== undefined) throw new Error('the call was admitted')
  }
}

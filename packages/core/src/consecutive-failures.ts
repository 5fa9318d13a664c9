import { CircuitBreakerConfigError } from './errors.ts'
import type { TripPolicy, TripReading, TripTracker } from './trip-policy.ts'

/**
 * Trips after `threshold` failures in a row; a success starts the count again. The default policy, with 5.
 *
 * @throws {CircuitBreakerConfigError} unless `threshold` is a whole number of at least 1
 */
export function consecutiveFailures(threshold: number): TripPolicy {
  if (!Number.isSafeInteger(threshold) || threshold < 1) {
    throw new CircuitBreakerConfigError('consecutiveFailures(threshold)', threshold, 'a whole number of at least 1')
  }
  return new ConsecutiveFailures(threshold)
}

class ConsecutiveFailures implements TripPolicy {
  readonly timed = false
  readonly threshold: number

  constructor(threshold: number) {
    this.threshold = threshold
  }

  createTracker(): TripTracker {
    return new FailureCount(this.threshold)
  }
}

class FailureCount implements TripTracker {
  readonly #threshold: number
  #failures = 0

  constructor(threshold: number) {
    this.#threshold = threshold
  }

  record(verdict: 'success' | 'failure'): string | undefined {
    if (verdict === 'success') {
      this.#failures = 0
      return undefined
    }
    this.#failures++
    return this.#failures >= this.#threshold ? 'consecutive_failures' : undefined
  }

  readings(): TripReading[] {
    return [{ policy: 'consecutive_failures', threshold: this.#threshold, value: this.#failures }]
  }

  clear(): void {
    this.#failures = 0
  }

  isClear(): boolean {
    return this.#failures === 0
  }

  save(): unknown {
    return this.#failures
  }

  load(saved: unknown): void {
    if (typeof saved === 'number' && saved >= 0 && saved < this.#threshold) this.#failures = saved
  }
}

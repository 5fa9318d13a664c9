import { type Rate, type RateOptions, RateTracker, resolveRate } from './rate-tracker.ts'
import type { ResolvedWindow } from './rate-window.ts'
import type { TripPolicy, TripTracker } from './trip-policy.ts'

/** When the share of failed calls is too high. */
export type FailureRateOptions = RateOptions

/**
 * Trips when at least `threshold` of the calls in the window have failed, judged after each call. Its reading has no value
 * below `minimumCalls`.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function failureRate(options: FailureRateOptions = {}): TripPolicy {
  return new FailureRate(resolveRate('failureRate.', options))
}

class FailureRate implements TripPolicy {
  readonly timed: boolean
  readonly threshold: number
  readonly window: ResolvedWindow
  readonly minimumCalls: number

  constructor({ threshold, window, minimumCalls }: Rate) {
    this.timed = window.calls === undefined
    this.threshold = threshold
    this.window = window
    this.minimumCalls = minimumCalls
    Object.freeze(this)
  }

  createTracker(): TripTracker {
    return new FailureRateTracker('failure_rate', this)
  }
}

class FailureRateTracker extends RateTracker {
  record(verdict: 'success' | 'failure', _durationMs: number, now: number): string | undefined {
    return this.count(verdict === 'failure', now)
  }
}

import { CircuitBreakerConfigError } from './errors.ts'
import { duration } from './option-rules.ts'
import { type Rate, type RateOptions, RateTracker, resolveRate } from './rate-tracker.ts'
import type { ResolvedWindow } from './rate-window.ts'
import type { TripPolicy, TripTracker } from './trip-policy.ts'

/** When the share of slow calls is too high. */
export interface SlowCallRateOptions extends RateOptions {
  /** From which duration on, in ms, a call is slow. */
  slowMs: number
}

/**
 * Trips when at least `threshold` of the calls in the window took `slowMs` or longer, successes and failures alike, judged
 * after each call. Its reading has no value below `minimumCalls`.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function slowCallRate(options: SlowCallRateOptions): TripPolicy {
  const resolved = resolveRate('slowCallRate.', options, { slowMs: duration })
  if (options.slowMs === undefined) throw new CircuitBreakerConfigError('slowCallRate.slowMs', undefined, duration[1])
  return new SlowCallRate(resolved, options.slowMs)
}

class SlowCallRate implements TripPolicy {
  readonly timed = true
  readonly threshold: number
  readonly slowMs: number
  readonly window: ResolvedWindow
  readonly minimumCalls: number

  constructor({ threshold, window, minimumCalls }: Rate, slowMs: number) {
    this.threshold = threshold
    this.slowMs = slowMs
    this.window = window
    this.minimumCalls = minimumCalls
    Object.freeze(this)
  }

  createTracker(): TripTracker {
    return new SlowCallRateTracker(this)
  }
}

class SlowCallRateTracker extends RateTracker {
  readonly #slowMs: number

  constructor(policy: SlowCallRate) {
    super('slow_call_rate', policy)
    this.#slowMs = policy.slowMs
  }

  record(_verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined {
    return this.count(durationMs >= this.#slowMs, now)
  }
}

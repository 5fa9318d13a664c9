import type { CircuitBreaker } from '@switchgear/core'
import { RetryBudget, type RetryBudgetLimits } from './retry-budget.ts'

/** Whether a request may be sent again: after `waitMs`, or not, and why. */
export type RetryDecision =
  | { readonly retry: true; readonly waitMs: number }
  | {
      readonly retry: false
      /**
       * `not_rate_limited`: the response is none that says to wait; `retries_spent`: this request had its tries;
       * `wait_too_long`: longer than `maxBackoffMs`, or than what is left of `totalMs`; `circuit_open`: the breaker of the
       * key admits nothing now; `budget_spent`: the requests of the key had their retries.
       */
      readonly reason: 'not_rate_limited' | 'retries_spent' | 'wait_too_long' | 'circuit_open' | 'budget_spent'
    }

/** How often one request is sent again, and when. */
export interface RetryLimits {
  readonly maxRetries: number
  readonly baseBackoffMs: number
  readonly maxBackoffMs: number
  readonly totalMs: number
  readonly random: () => number
}

/** A try that has come back. */
export interface TriedRequest {
  /** Which one it was: 1 is the first. */
  readonly attempt: number
  /** How long the request takes so far. */
  readonly elapsedMs: number
  readonly now: number
}

/** What the requests of one key have in common: the time before which none is sent again, and a budget. */
export class KeyPace {
  readonly #budget: RetryBudget | undefined
  readonly #maxRetryAfterMs: number
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(budget: RetryBudgetLimits | undefined, maxRetryAfterMs: number) {
    this.#budget = budget && new RetryBudget(budget)
    this.#maxRetryAfterMs = maxRetryAfterMs
  }

  countFirstTry(now: number): void {
    this.#budget?.countFirstTry(now)
  }

  /** The service has told one request to wait, and means all of the key; up to a limit, as it may have told nonsense. */
  heed(now: number, toldMs = 0): void {
    this.#notBefore = Math.max(this.#notBefore, now + Math.min(toldMs, this.#maxRetryAfterMs))
  }

  /**
   * Decides on a retry, and takes it out of the budget. The wait is what the service asked for, and after it exponential
   * backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that those who
   * were told the same time do not come at the same time.
   */
  decide(limits: RetryLimits, { attempt, elapsedMs, now }: TriedRequest, toldMs = 0): RetryDecision {
    if (attempt > limits.maxRetries) return { retry: false, reason: 'retries_spent' }
    const leastMs = Math.max(toldMs, this.#notBefore - now)
    if (leastMs > limits.maxBackoffMs || leastMs === Number.POSITIVE_INFINITY) {
      return { retry: false, reason: 'wait_too_long' }
    }
    // 0 times a power that overflows would be no number.
    const backoffMs = limits.baseBackoffMs * 2 ** Math.min(attempt - 1, 1_000)
    const waitMs = leastMs + limits.random() * Math.min(backoffMs, limits.maxBackoffMs - leastMs)
    if (elapsedMs + waitMs > limits.totalMs) return { retry: false, reason: 'wait_too_long' }
    if (this.#budget?.take(now) === false) return { retry: false, reason: 'budget_spent' }
    return { retry: true, waitMs }
  }
}

/** The pace of each key, kept for as long as the key keeps its breaker: there are no more of them than of those. */
export class KeyPaces {
  readonly #budget: RetryBudgetLimits | undefined
  readonly #maxRetryAfterMs: number
  readonly #paces = new WeakMap<CircuitBreaker, KeyPace>()

  constructor(budget: RetryBudgetLimits | undefined, maxRetryAfterMs: number) {
    this.#budget = budget
    this.#maxRetryAfterMs = maxRetryAfterMs
  }

  of(breaker: CircuitBreaker): KeyPace {
    let pace = this.#paces.get(breaker)
    if (pace === undefined) this.#paces.set(breaker, (pace = new KeyPace(this.#budget, this.#maxRetryAfterMs)))
    return pace
  }
}

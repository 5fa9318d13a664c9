/** How many retries the requests of one key may make together. */
export interface RetryBudgetLimits {
  readonly share: number
  readonly minimum: number
  readonly windowMs: number
}

const BUCKETS = 10

/**
 * Bounds the load that retries add: when all requests fail, a share of them may try again, and not all, each several times.
 * Counts in a ring of buckets, so that its memory does not grow.
 */
export class RetryBudget {
  readonly #limits: RetryBudgetLimits
  readonly #firstTries = new Float64Array(BUCKETS)
  readonly #retries = new Float64Array(BUCKETS)
  /** The number of the bucket that is counted in. */
  #latest = -1

  constructor(limits: RetryBudgetLimits) {
    this.#limits = limits
  }

  countFirstTry(now: number): void {
    this.#add(this.#firstTries, now)
  }

  /** Takes one retry out, if there is one left. */
  take(now: number): boolean {
    this.#forgetOld(now)
    const { share, minimum } = this.#limits
    const isLeft = sum(this.#retries) + 1 <= minimum + share * sum(this.#firstTries)
    if (isLeft) this.#add(this.#retries, now)
    return isLeft
  }

  #add(counts: Float64Array, now: number): void {
    this.#forgetOld(now)
    const index = this.#latest % BUCKETS
    counts[index] = Number(counts[index]) + 1
  }

  #forgetOld(now: number): void {
    const bucket = Math.floor((now * BUCKETS) / this.#limits.windowMs)
    for (let old = Math.max(this.#latest + 1, bucket - BUCKETS + 1); old <= bucket; old++) {
      this.#firstTries[old % BUCKETS] = this.#retries[old % BUCKETS] = 0
    }
    this.#latest = bucket
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0)
}

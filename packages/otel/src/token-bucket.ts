import type { Clock } from '@switchgear/core'

/** Lets through so many per second, and a second's worth at once. */
export class TokenBucket {
  readonly #perMs: number
  readonly #capacity: number
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  constructor(perSecond: number, clock: Clock) {
    this.#perMs = perSecond / 1000
    this.#capacity = Math.max(1, perSecond)
    this.#clock = clock
    this.#tokens = this.#capacity
    this.#filledAt = clock.now()
  }

  take(): boolean {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

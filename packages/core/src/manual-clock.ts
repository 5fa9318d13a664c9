import type { Clock, Timer } from './clock.ts'

/** Where a {@link ManualClock} starts. */
export interface ManualClockOptions {
  /** The first reading of `now()`, in ms. Default: 0. */
  now?: number
  /** The first reading of `wallNow()`, in ms since 1970. Default: 0. */
  wallNow?: number
}

/** A clock that moves when a test says so, with the timers that breakers set on it. */
export class ManualClock implements Clock {
  #now: number
  readonly #wallOffset: number
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  constructor({ now = 0, wallNow = 0 }: ManualClockOptions = {}) {
    this.#now = now
    this.#wallOffset = wallNow - now
  }

  now(): number {
    return this.#now
  }

  wallNow(): number {
    return this.#now + this.#wallOffset
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer), keepAlive: () => {} }
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  /**
   * Moves on by `ms` and fires the timers that become due, each at its time, in their order.
   *
   * @throws {RangeError} when `ms` is negative or not a number
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance(ms) is ${ms}; allowed: 0 or more`)
    const end = this.#now + ms
    for (let due = this.#firstDue(end); due !== undefined; due = this.#firstDue(end)) {
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
    }
    // A timer may have moved on further.
    this.#now = Math.max(this.#now, end)
  }

  #firstDue(end: number): { readonly at: number; readonly callback: () => void } | undefined {
    let first: { readonly at: number; readonly callback: () => void } | undefined
    // Timers of one time fire in the order in which they were set, as they do on the platform.
    for (const timer of this.#timers) if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
}

import type { Clock, Timer } from '@switchgear/core'

/** A clock whose reading can be set back or be nonsense, while its timers go by the time that has really passed. */
export class SkewedClock implements Clock {
  elapsedMs = 0
  skewMs = 0
  nonsense: number | undefined
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.nonsense ?? this.elapsedMs + this.skewMs
  }

  wallNow(): number {
    return 0
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { at: this.elapsedMs + ms, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer), keepAlive: () => {} }
  }

  /** Lets time pass, timer by timer, as an event loop does: promises get their turn after each. */
  async advance(ms: number): Promise<void> {
    const target = this.elapsedMs + ms
    for (;;) {
      const [first] = [...this.#timers].filter(({ at }) => at <= target).toSorted((a, b) => a.at - b.at)
      if (first === undefined) break
      this.#timers.delete(first)
      this.elapsedMs = Math.max(this.elapsedMs, first.at)
      first.callback()
      await promisesSettled()
    }
    this.elapsedMs = target
  }
}

/** Longer than any chain of promises that a call consists of. */
export async function promisesSettled(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

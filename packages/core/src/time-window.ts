import type { CallCount, CallWindow } from './call-window.ts'

/**
 * The calls that ended in the last `ms`, in a ring of `buckets`. Time moves on in steps of a bucket's width: a call leaves
 * when its bucket does, which is after more than `ms - ms / buckets` and at most `ms`.
 */
export class TimeWindow implements CallWindow {
  calls = 0
  hits = 0
  readonly #ms: number
  readonly #buckets: number
  /** Calls and hits of each bucket, side by side. */
  readonly #counts: number[]
  /** The newest bucket: its place in the ring, and its number, counted from the clock's origin. */
  #place = 0
  #tick = 0

  constructor(ms: number, buckets: number) {
    this.#ms = ms
    this.#buckets = buckets
    this.#counts = Array.from({ length: 2 * buckets }, () => 0)
  }

  add(isHit: boolean, now: number): void {
    const tick = this.#tickAt(now)
    if (tick !== this.#tick) this.#moveTo(tick)
    const counts = this.#counts
    const at = 2 * this.#place
    counts[at] = (counts[at] as number) + 1
    this.calls++
    if (!isHit) return
    counts[at + 1] = (counts[at + 1] as number) + 1
    this.hits++
  }

  countAt(now: number): CallCount {
    let { calls, hits } = this
    for (let step = this.#stepsTo(this.#tickAt(now)); step > 0; step--) {
      const at = 2 * ((this.#place + step) % this.#buckets)
      calls -= this.#counts[at] as number
      hits -= this.#counts[at + 1] as number
    }
    return { calls, hits }
  }

  clear(): void {
    this.#counts.fill(0)
    this.calls = 0
    this.hits = 0
  }

  /** The counts of each bucket, the newest first. `ms` is null for a window without an end. */
  save(now: number): unknown {
    const steps = this.#stepsTo(this.#tickAt(now))
    const buckets = Array.from({ length: this.#buckets }, (_, age) => {
      if (age < steps) return [0, 0]
      const at = 2 * ((this.#place + steps - age + this.#buckets) % this.#buckets)
      return this.#counts.slice(at, at + 2)
    })
    return { ms: this.#ms === Number.POSITIVE_INFINITY ? null : this.#ms, buckets }
  }

  load(saved: unknown, now: number): void {
    const { ms, buckets } = Object(saved) as { readonly ms?: unknown; readonly buckets?: unknown }
    // Counts of buckets of another width would be too old or too young here.
    if ((ms ?? Number.POSITIVE_INFINITY) !== this.#ms || !Array.isArray(buckets)) return
    if (buckets.length !== this.#buckets || !buckets.every(isCount)) return
    this.clear()
    this.#tick = this.#tickAt(now)
    this.#place = 0
    buckets.forEach(([calls, hits]: [number, number], age) => {
      const at = 2 * ((this.#buckets - age) % this.#buckets)
      this.#counts[at] = calls
      this.#counts[at + 1] = hits
      this.calls += calls
      this.hits += hits
    })
  }

  /** The number of the bucket that `now` is in. Multiplied first: an edge in whole ms is met exactly. */
  #tickAt(now: number): number {
    return Math.floor((now * this.#buckets) / this.#ms)
  }

  /** How many buckets have left the window when time has come to `tick`: none when time has gone back. */
  #stepsTo(tick: number): number {
    return Math.max(0, Math.min(tick - this.#tick, this.#buckets))
  }

  #moveTo(tick: number): void {
    if (tick < this.#tick && this.calls > 0) return
    for (let step = this.#stepsTo(tick); step > 0; step--) {
      this.#place = (this.#place + 1) % this.#buckets
      const at = 2 * this.#place
      this.calls -= this.#counts[at] as number
      this.hits -= this.#counts[at + 1] as number
      this.#counts[at] = 0
      this.#counts[at + 1] = 0
    }
    this.#tick = tick
  }
}

function isCount(bucket: unknown): boolean {
  const [calls, hits] = Array.isArray(bucket) ? (bucket as unknown[]) : []
  return Number.isSafeInteger(calls) && Number.isSafeInteger(hits) && 0 <= Number(hits) && Number(hits) <= Number(calls)
}

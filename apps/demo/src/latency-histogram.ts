const growth = 1.02
const log = Math.log(growth)

/** Latencies in a memory that does not grow with time: percentiles are right to 2 %, the maximum exactly. */
export class LatencyHistogram {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  record(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, 0.01)) / log)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.#count++
    this.#max = Math.max(this.#max, ms)
  }

  /** The latency that this share of calls did not exceed; undefined without calls. */
  quantile(share: number): number | undefined {
    let left = Math.max(1, Math.ceil(this.#count * share))
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Math.min(growth ** bucket, this.#max)
    }
    return undefined
  }

  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max
  }
}

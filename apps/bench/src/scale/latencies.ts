/** Durations of very many operations, in a histogram of one part in sixteen. */
export class Latencies {
  readonly #counts = new Uint32Array(64 * 16)
  #total = 0
  slowestNs = 0

  add(ns: number): void {
    this.#counts[indexOf(ns)] = (this.#counts[indexOf(ns)] ?? 0) + 1
    this.#total++
    if (ns > this.slowestNs) this.slowestNs = ns
  }

  /** The duration, in ns, that this share of the operations does not exceed, or up to a sixteenth more. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#total)
    const index = this.#counts.findIndex((count) => (left -= count) <= 0)
    return Math.min(2 ** Math.floor((index + 1) / 16) * (1 + ((index + 1) % 16) / 16), this.slowestNs)
  }
}

function indexOf(ns: number): number {
  const exponent = Math.max(0, Math.floor(Math.log2(Math.max(1, ns))))
  return exponent * 16 + Math.floor((ns / 2 ** exponent - 1) * 16)
}

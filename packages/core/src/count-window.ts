import type { CallCount, CallWindow } from './call-window.ts'

/** The last `size` calls, whenever they were: a ring with one bit for each. */
export class CountWindow implements CallWindow {
  calls = 0
  hits = 0
  readonly #size: number
  /** 32 calls in each number; 0 where there has been none yet. */
  readonly #ring: number[]
  /** Where the next call goes: on the place of the oldest, once the ring is full. */
  #next = 0

  constructor(size: number) {
    this.#size = size
    this.#ring = Array.from({ length: Math.ceil(size / 32) }, () => 0)
  }

  add(isHit: boolean): void {
    const word = this.#next >> 5
    const bits = this.#ring[word] as number
    // A shift takes its distance modulo 32.
    const bit = 1 << this.#next
    if (isHit !== ((bits & bit) !== 0)) {
      this.#ring[word] = bits ^ bit
      this.hits += isHit ? 1 : -1
    }
    if (this.calls < this.#size) this.calls++
    this.#next = this.#next + 1 === this.#size ? 0 : this.#next + 1
  }

  countAt(): CallCount {
    return { calls: this.calls, hits: this.hits }
  }

  clear(): void {
    this.#ring.fill(0)
    this.calls = 0
    this.hits = 0
  }

  /** A digit for each call, the oldest first: 1 is a hit. */
  save(): string {
    let saved = ''
    for (let age = this.calls; age > 0; age--) {
      const at = (this.#next - age + this.#size) % this.#size
      saved += ((this.#ring[at >> 5] as number) & (1 << at)) === 0 ? '0' : '1'
    }
    return saved
  }

  load(saved: unknown): void {
    if (typeof saved !== 'string' || !/^[01]*$/.test(saved)) return
    this.clear()
    for (const digit of saved.slice(-this.#size)) this.add(digit === '1')
  }
}

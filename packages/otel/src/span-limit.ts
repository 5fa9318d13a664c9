import type { Clock } from '@switchgear/core'
import { TokenBucket } from './token-bucket.ts'

/** Lets through so many spans of each name a second: a storm of them would crowd out the application's own. */
export class SpanLimit {
  readonly #perSecond: number
  readonly #clock: Clock
  /** By the name that is shown, so they are as few as those. */
  readonly #names = new Map<string, { readonly bucket: TokenBucket; suppressed: number }>()

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
  }

  /** How many spans of this name were left out since the last one; undefined when this one is left out too. */
  take(name: string): number | undefined {
    let limit = this.#names.get(name)
    if (limit === undefined) {
      limit = { bucket: new TokenBucket(this.#perSecond, this.#clock), suppressed: 0 }
      this.#names.set(name, limit)
    }
    const { suppressed } = limit
    const isLetThrough = limit.bucket.take()
    limit.suppressed = isLetThrough ? 0 : suppressed + 1
    return isLetThrough ? suppressed : undefined
  }
}

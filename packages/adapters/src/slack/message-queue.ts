/** Why a queue has let a message go. */
export type QueueLoss = 'expired' | 'queue_full'

/** A message that waits. */
export interface Waiting<M> {
  readonly message: M
  /** Since when, on the breaker's clock. */
  readonly since: number
}

/** How many messages wait at most, and for how long. */
export interface QueueLimits {
  readonly max: number
  readonly ttlMs: number
}

/** Messages in the order in which they came: so many at most, for so long at most; the oldest ones are let go. */
export class MessageQueue<M> {
  readonly #limits: QueueLimits
  readonly #onLoss: (loss: QueueLoss, waiting: Waiting<M>) => void
  readonly #waiting: Waiting<M>[] = []

  constructor(limits: QueueLimits, onLoss: (loss: QueueLoss, waiting: Waiting<M>) => void) {
    this.#limits = limits
    this.#onLoss = onLoss
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Adds a message in its place: one that has failed only after a while may be older than those that wait. */
  add(waiting: Waiting<M>): void {
    this.#insertBefore(({ since }) => since > waiting.since, waiting)
  }

  take(): Waiting<M> | undefined {
    return this.#waiting.shift()
  }

  /** Puts back what {@link take} gave: it is still the oldest, and the one to go if its place is taken. */
  putBack(waiting: Waiting<M>): void {
    this.#insertBefore(({ since }) => since >= waiting.since, waiting)
  }

  expire(now: number): void {
    const fresh = this.#waiting.findIndex(({ since }) => now - since < this.#limits.ttlMs)
    this.#dropOldest(fresh === -1 ? this.#waiting.length : fresh, 'expired')
  }

  #insertBefore(isLater: (other: Waiting<M>) => boolean, waiting: Waiting<M>): void {
    const index = this.#waiting.findIndex(isLater)
    this.#waiting.splice(index === -1 ? this.#waiting.length : index, 0, waiting)
    this.#dropOldest(Math.max(0, this.#waiting.length - this.#limits.max), 'queue_full')
  }

  #dropOldest(count: number, loss: QueueLoss): void {
    for (const waiting of this.#waiting.splice(0, count)) this.#onLoss(loss, waiting)
  }
}

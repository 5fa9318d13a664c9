import type { QueueLoss } from './message-queue.ts'

/** Sums up what a queue has lost, for one line when messages get through again. */
export class LossDigest {
  readonly #counts: Record<QueueLoss, number> = { expired: 0, queue_full: 0 }
  #first = 0
  #last = 0

  get isEmpty(): boolean {
    return this.#total === 0
  }

  /** @param at when the lost message was given to the notifier, in ms since 1970 */
  add(loss: QueueLoss, at: number): void {
    if (this.isEmpty) this.#first = at
    this.#last = at
    this.#counts[loss]++
  }

  clear(): void {
    this.#counts.expired = this.#counts.queue_full = 0
  }

  /** The line: `3 notifications from 10:02 to 10:31 UTC were lost while Slack could not be reached: …`. */
  text(): string {
    const { expired, queue_full: overflowed } = this.#counts
    const total = this.#total
    const reasons = [
      ...(expired > 0 ? [`${expired} waited too long`] : []),
      ...(overflowed > 0 ? [`${overflowed} had no room to wait`] : []),
    ]
    const notifications = total === 1 ? '1 notification was' : `${total} notifications were`
    return `${notifications} lost while Slack could not be reached (${this.#span()}): ${reasons.join(', ')}.`
  }

  get #total(): number {
    return this.#counts.expired + this.#counts.queue_full
  }

  #span(): string {
    const [first, last] = [timeOf(this.#first), timeOf(this.#last)]
    return first === last ? `${first} UTC` : `${first} to ${last} UTC`
  }
}

/** `2026-11-23 10:02`, or nonsense for a clock that tells no time. */
function timeOf(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString().slice(0, 16).replace('T', ' ')
}

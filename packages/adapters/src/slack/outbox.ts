import type { Clock, Timer } from '@switchgear/core'
import { type Delivery, type DeliveryFailure, isPassing } from './delivery.ts'
import { LossDigest } from './loss-digest.ts'
import { MessageQueue, type QueueLimits, type QueueLoss, type Waiting } from './message-queue.ts'
import type { SlackCallError } from './slack-call-error.ts'

/** Hears what becomes of messages that have waited. */
export interface OutboxObserver<M> {
  sent(): void
  dropped(reason: DeliveryFailure | QueueLoss | 'disposed', message: M | string, error?: SlackCallError): void
}

/** How messages wait and are sent. */
export interface OutboxOptions extends QueueLimits {
  readonly drainEveryMs: number
  readonly clock: Required<Clock>
}

/**
 * Messages that wait until Slack can be reached, and then go out one by one, the oldest first, after a line that says what
 * was lost. There is a timer only while there is something to send, and it keeps no process alive.
 */
export class Outbox<M> {
  readonly #delivery: Delivery<M>
  readonly #options: OutboxOptions
  readonly #observer: OutboxObserver<M>
  readonly #queue: MessageQueue<M | string>
  readonly #digest = new LossDigest()
  /** Whether the next message is the first one after a time in which none could be sent. */
  #isRunBeginning = true
  #timer: Timer | undefined
  #step: Promise<void> | undefined
  #isSending = false
  #isClosed = false
  #isOver = false

  constructor(delivery: Delivery<M>, options: OutboxOptions, observer: OutboxObserver<M>) {
    this.#delivery = delivery
    this.#options = options
    this.#observer = observer
    this.#queue = new MessageQueue(options, (loss, { message, since }) => {
      const { clock } = this.#options
      this.#digest.add(loss, clock.wallNow() - (clock.now() - since))
      this.#observer.dropped(loss, message)
    })
  }

  /** How many messages wait, the one that is being sent included. */
  get size(): number {
    return this.#queue.size + (this.#isSending ? 1 : 0)
  }

  add(waiting: Waiting<M | string>): void {
    this.#queue.add(waiting)
    this.#schedule()
  }

  /** Sends what waits, without pauses, until that fails or the signal aborts. What is left then is dropped. */
  async close(signal: AbortSignal): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await untilAborted(signal, this.#step)
    while (!signal.aborted && (await this.#sendNext(signal)));
    this.#isOver = true
    this.#dropRest()
  }

  #schedule(): void {
    const hasWork = this.#queue.size > 0 || !this.#digest.isEmpty
    if (!hasWork || this.#isClosed || this.#timer !== undefined || this.#step !== undefined) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined
      this.#step = this.#sendNext().then(() => {
        this.#step = undefined
        // The time for closing was over before this was.
        if (this.#isOver) this.#dropRest()
        this.#schedule()
      })
    }, this.#options.drainEveryMs)
    this.#timer.keepAlive(false)
  }

  /** Sends one message, or the digest; says whether there may be more to send. Never rejects. */
  async #sendNext(signal?: AbortSignal): Promise<boolean> {
    this.#queue.expire(this.#options.clock.now())
    const isWorthwhile = this.#delivery.isReady && (await this.#trySend(signal))
    this.#isRunBeginning = !isWorthwhile
    return isWorthwhile
  }

  async #trySend(signal: AbortSignal | undefined): Promise<boolean> {
    const isDigestDue = this.#isRunBeginning || this.#queue.size === 0
    if (isDigestDue && !this.#digest.isEmpty) return this.#sendDigest(signal)
    const waiting = this.#queue.take()
    if (waiting === undefined) return false
    this.#isSending = true
    const result = await this.#delivery.attempt(waiting.message, signal)
    this.#isSending = false
    if (result === 'sent') this.#observer.sent()
    else if (signal?.aborted) this.#observer.dropped('disposed', waiting.message)
    else if (isPassing(result.reason)) this.#queue.putBack(waiting)
    else this.#observer.dropped(result.reason, waiting.message, result.error)
    return result === 'sent' || !isPassing(result.reason)
  }

  async #sendDigest(signal: AbortSignal | undefined): Promise<boolean> {
    const result = await this.#delivery.attempt(this.#digest.text(), signal)
    if (result !== 'sent' && isPassing(result.reason)) return false
    this.#digest.clear()
    return true
  }

  #dropRest(): void {
    for (let left = this.#queue.take(); left !== undefined; left = this.#queue.take()) {
      this.#observer.dropped('disposed', left.message)
    }
  }
}

/** Waits for a promise, and not longer than until the signal aborts. */
export async function untilAborted(signal: AbortSignal, promise: Promise<unknown> | undefined): Promise<void> {
  if (signal.aborted) return
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await Promise.race([promise, aborted])
}

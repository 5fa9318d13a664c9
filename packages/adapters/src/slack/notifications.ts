import type { CircuitBreaker } from '@switchgear/core'
import { type Delivery, isPassing } from './delivery.ts'
import { callSafely, warn } from './misconfiguration.ts'
import { Outbox, untilAborted } from './outbox.ts'
import type { SlackCallError } from './slack-call-error.ts'
import type { DropReason, SlackNotifierOptions, SlackNotifierStatus } from './slack-notifier.ts'

/** What is given to a notifier, and what becomes of it. */
export class Notifications<M> {
  readonly #delivery: Delivery<M>
  readonly #breaker: CircuitBreaker
  readonly #options: SlackNotifierOptions<M>
  readonly #outbox: Outbox<M> | undefined
  readonly #underWay = new Set<Promise<boolean>>()
  readonly #dropped: Record<DropReason, number> = {
    open: 0,
    rate_limited: 0,
    timeout: 0,
    failed: 0,
    misconfigured: 0,
    refused: 0,
    queue_full: 0,
    expired: 0,
    disposed: 0,
  }
  #sent = 0
  /** While `onDrop` runs: what it sends is not told of when that is dropped too, or it would go round for ever. */
  #isTelling = false
  #disposal: Promise<void> | undefined

  constructor(delivery: Delivery<M>, breaker: CircuitBreaker, options: SlackNotifierOptions<M>) {
    this.#delivery = delivery
    this.#breaker = breaker
    this.#options = { ...options }
    const { queue } = options
    if (queue === undefined) return
    const { max = 50, ttlMs = 900_000, drainEveryMs = 1_000 } = queue
    this.#outbox = new Outbox(
      delivery,
      { max, ttlMs, drainEveryMs, clock: breaker.callOptions.clock },
      {
        sent: () => void this.#sent++,
        dropped: (reason, message, error) => this.#drop(reason, message, error),
      },
    )
  }

  async notify(message: M | string): Promise<boolean> {
    if (this.#disposal !== undefined) {
      this.#drop('disposed', message)
      return false
    }
    const outbox = this.#isTelling ? undefined : this.#outbox
    const since = this.#breaker.callOptions.clock.now()
    // What came before goes first: "it has recovered" must not arrive before "it is down".
    if (outbox !== undefined && outbox.size > 0) {
      outbox.add({ message, since })
      return false
    }
    const delivery = this.#isTelling ? this.#deliverEcho(message) : this.#deliver(message, since)
    this.#underWay.add(delivery)
    const isSent = await delivery
    this.#underWay.delete(delivery)
    return isSent
  }

  status(): SlackNotifierStatus {
    return { sent: this.#sent, queued: this.#outbox?.size ?? 0, dropped: { ...this.#dropped } }
  }

  dispose(): Promise<void> {
    return (this.#disposal ??= this.#flush())
  }

  async #deliver(message: M | string, since: number): Promise<boolean> {
    const result = await this.#delivery.attempt(message)
    if (result === 'sent') this.#sent++
    else if (this.#outbox !== undefined && this.#disposal === undefined && isPassing(result.reason)) {
      this.#outbox.add({ message, since })
    } else this.#drop(result.reason, message, result.error)
    return result === 'sent'
  }

  /** A notification that `onDrop` has made. */
  async #deliverEcho(message: M | string): Promise<boolean> {
    const result = await this.#delivery.attempt(message)
    if (result === 'sent') this.#sent++
    else this.#dropped[result.reason]++
    return result === 'sent'
  }

  async #flush(): Promise<void> {
    const { flushTimeoutMs = 5_000 } = this.#options
    const { clock } = this.#breaker.callOptions
    const limit = new AbortController()
    const timer = clock.setTimer(() => limit.abort(), flushTimeoutMs)
    await untilAborted(limit.signal, Promise.allSettled(this.#underWay))
    await this.#outbox?.close(limit.signal)
    timer.cancel()
  }

  #drop(reason: DropReason, message: M | string, error?: SlackCallError): void {
    const isFirst = this.#dropped[reason]++ === 0
    const { onDrop } = this.#options
    if (this.#isTelling) return
    if (onDrop !== undefined) {
      const dropped = { reason, message, ...(error !== undefined && { error }) }
      this.#isTelling = true
      callSafely(() => onDrop(dropped), this.#breaker.name, 'onDrop')
      this.#isTelling = false
    } else if (isFirst && reason !== 'misconfigured') {
      // What is misconfigured is reported by its code.
      warn(this.#breaker.name, `a notification was dropped (${reason}); status() counts further ones`)
    }
  }
}

import { isPage } from './judge-answer.ts'
import type { SlackGuard } from './slack-guard.ts'
import { SlackCallError, type SlackErrorKind } from './slack-call-error.ts'
import type { SlackWebhook } from './slack-webhook.ts'

/** Why a message was not sent. Those up to `failed` may go away by themselves. */
export type DeliveryFailure = 'open' | 'rate_limited' | 'timeout' | 'failed' | 'misconfigured' | 'refused'

/** What became of an attempt to send a message. */
export type DeliveryResult = 'sent' | { readonly reason: DeliveryFailure; readonly error: SlackCallError }

const reasonOf: Record<SlackErrorKind, DeliveryFailure> = {
  not_sent: 'open',
  rate_limited: 'rate_limited',
  timeout: 'timeout',
  unavailable: 'failed',
  misconfigured: 'misconfigured',
  answered: 'refused',
  unknown: 'refused',
}

/** Whether the same message may get through later. */
export function isPassing(reason: DeliveryFailure): boolean {
  return reason === 'open' || reason === 'rate_limited' || reason === 'timeout' || reason === 'failed'
}

/** Sends messages by a webhook, one at a time or many, and stays away for as long as Slack asks. */
export class Delivery<M> {
  readonly #webhook: SlackWebhook<M>
  readonly #guard: SlackGuard
  #heldUntil = Number.NEGATIVE_INFINITY

  constructor(webhook: SlackWebhook<M>, guard: SlackGuard) {
    this.#webhook = webhook
    this.#guard = guard
  }

  /** Whether a message sent now would go out. */
  get isReady(): boolean {
    return this.#heldMs <= 0 && this.#guard.breaker.isAvailable()
  }

  /** Sends a message and gives what the webhook gave, or rejects. */
  async send(message: M | string, signal?: AbortSignal): Promise<unknown> {
    const retryAfterMs = this.#heldMs
    if (retryAfterMs > 0) throw new SlackCallError({ kind: 'rate_limited', reason: 'rate_limited', retryAfterMs })
    try {
      return await this.#guard.run({
        make: (cut) => this.#webhook.send(message, { signal: cut }),
        signal,
        faultOf: faultOfResult,
      })
    } catch (error) {
      this.#hold(this.#guard.judge(error))
      throw error
    }
  }

  /** Sends a message; never rejects. */
  async attempt(message: M | string, signal?: AbortSignal): Promise<DeliveryResult> {
    try {
      const error = faultOfResult(await this.send(message, signal))
      return error === undefined ? 'sent' : { reason: reasonOf[error.kind], error }
    } catch (thrown) {
      const error = this.#guard.judge(thrown)
      return { reason: reasonOf[error.kind], error }
    }
  }

  get #heldMs(): number {
    return this.#heldUntil - this.#guard.breaker.callOptions.clock.now()
  }

  #hold(error: SlackCallError): void {
    if (error.kind !== 'rate_limited') return
    const until = this.#guard.breaker.callOptions.clock.now() + this.#guard.holdMs(error)
    this.#heldUntil = Math.max(this.#heldUntil, until)
  }
}

/** A proxy's page that says 200 is no `ok` of Slack's. */
function faultOfResult(result: unknown): SlackCallError | undefined {
  const { text } = (result ?? {}) as { text?: unknown }
  return isPage(text) ? new SlackCallError({ kind: 'unavailable', reason: 'no_answer_of_slack' }) : undefined
}

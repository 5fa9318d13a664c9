import { type CircuitBreaker, CircuitBreakerConfigError, type Clock, type OptionRule } from '@switchgear/core'
import { duration, func } from '../http/family-rules.ts'
import { Delivery, type DeliveryFailure } from './delivery.ts'
import { hideSecret, validateSlackOptions } from './hide-secret.ts'
import type { QueueLoss } from './message-queue.ts'
import { Notifications } from './notifications.ts'
import type { SlackCallError } from './slack-call-error.ts'
import { createSlackGuard, type SlackOptions } from './slack-options.ts'
import { type SlackMessage, type SlackWebhook, UrlWebhook } from './slack-webhook.ts'

/**
 * Why a notification was not delivered. `open`: the breaker did not admit it; `rate_limited`: Slack asks for a pause;
 * `timeout`: no answer in time, so that it may have arrived; `failed`: 5xx or the network; `misconfigured`: Slack will
 * refuse it until somebody changes something; `refused`: the message itself is wrong; `queue_full` and `expired`: it waited,
 * and no longer does; `disposed`: the notifier is closed.
 */
export type DropReason = DeliveryFailure | QueueLoss | 'disposed'

/** A notification that was not delivered and will not be. */
export interface DroppedNotification<M> {
  readonly reason: DropReason
  readonly message: M | string
  /** What Slack or the network said, where one of them was asked. */
  readonly error?: SlackCallError
}

/** How notifications wait while Slack cannot be reached. */
export interface SlackQueueOptions {
  /** How many wait at most; one more drops the oldest. Default: 50. */
  max?: number
  /** After how many ms a notification that waits is dropped. Default: 900,000. */
  ttlMs?: number
  /** The pause before each notification that has waited, in ms: Slack takes about one a second. Default: 1,000. */
  drainEveryMs?: number
}

/** The options of {@link slackNotifier}: its own, and those of its breaker. All can be left out. */
export interface SlackNotifierOptions<M = SlackMessage> extends SlackOptions {
  /** The name of the breaker. Default: `slack`. */
  name?: string
  /** After how many ms without an answer a message is given up. Default: 3,000. */
  timeoutMs?: number | undefined
  /** Keeps notifications that could not be sent and sends them later. Default: they are dropped. */
  queue?: SlackQueueOptions
  /**
   * Hears of each notification that is dropped, but of those that it sends itself before it first awaits. Default: the first
   * for each reason is a line by `console.warn`.
   */
  onDrop?: (dropped: DroppedNotification<M>) => unknown
  /** How long disposal may take to send what waits, in ms. Default: 5,000. */
  flushTimeoutMs?: number
  /** What sends the requests where the webhook is a URL. Default: whatever `globalThis.fetch` is at the time. */
  fetch?: typeof globalThis.fetch
}

/** What a notifier has done so far. */
export interface SlackNotifierStatus {
  /** Notifications that Slack has taken. */
  readonly sent: number
  /** Notifications that wait. */
  readonly queued: number
  /** Notifications that were dropped, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>
}

/**
 * Sends a notification. Resolves to whether Slack has it, and never rejects: false at once while the breaker is open, and
 * for a notification that waits in the queue.
 */
export interface SlackNotifier<M = SlackMessage> extends AsyncDisposable {
  (message: M | string): Promise<boolean>
  readonly breaker: CircuitBreaker
  /**
   * Sends a message past the queue and the counts, for a caller who wants to know more: gives what the webhook gave; rejects
   * with its error, with a `CircuitOpenError`, a `CircuitTimeoutError` or a {@link SlackCallError}.
   */
  send(message: M | string, options?: { signal?: AbortSignal | undefined }): Promise<unknown>
  status(): SlackNotifierStatus
  /** Takes no more notifications, and waits for those under way and in the queue: for as long as `flushTimeoutMs`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Gives a function that sends notifications by a webhook, through a circuit breaker: `await notify('done')`. It never rejects,
 * takes at most `timeoutMs`, and counts what it drops.
 *
 * @param webhook the webhook's URL, an `IncomingWebhook` of @slack/webhook, or anything with such a method `send`
 * @throws {CircuitBreakerConfigError} for a webhook that is none, and for options that are not allowed
 */
export function slackNotifier(webhook: string | URL, options?: SlackNotifierOptions): SlackNotifier
export function slackNotifier<M = never>(webhook: SlackWebhook<M>, options?: SlackNotifierOptions<M>): SlackNotifier<M>
export function slackNotifier<M>(
  webhook: string | URL | SlackWebhook<M>,
  options: SlackNotifierOptions<M> = {},
): SlackNotifier<M> {
  const guard = createSlackGuard(options, { name: 'slack', timeoutMs: 3_000 }, rules)
  if (options.queue !== undefined) validateSlackOptions('queue.', options.queue, queueRules)
  const { clock } = guard.breaker.callOptions
  const delivery = new Delivery<M>(webhookOf(webhook, options.fetch, clock), guard)
  const notifications = new Notifications<M>(delivery, guard.breaker, options)
  const notify = (message: M | string): Promise<boolean> => notifications.notify(message)
  return Object.assign(notify, {
    breaker: guard.breaker,
    send: (message: M | string, { signal }: { signal?: AbortSignal | undefined } = {}) =>
      delivery.send(message, signal),
    status: () => notifications.status(),
    [Symbol.asyncDispose]: () => notifications.dispose(),
  })
}

const rules: Record<Exclude<keyof SlackNotifierOptions, keyof SlackOptions>, OptionRule> = {
  queue: [(value) => typeof value === 'object' && value !== null, 'an object'],
  onDrop: func,
  flushTimeoutMs: duration,
  fetch: func,
}
const queueRules: Record<keyof SlackQueueOptions, OptionRule> = {
  max: [(value) => Number.isSafeInteger(value) && (value as number) >= 1, 'a whole number of at least 1'],
  ttlMs: duration,
  drainEveryMs: duration,
}

function webhookOf<M>(
  webhook: string | URL | SlackWebhook<M>,
  fetch: typeof globalThis.fetch | undefined,
  clock: Required<Clock>,
): SlackWebhook<M> {
  if (typeof webhook === 'string' || webhook instanceof URL) {
    return new UrlWebhook(webhook, fetch, () => clock.wallNow())
  }
  if (typeof (webhook as SlackWebhook<M> | undefined)?.send === 'function') return webhook
  const allowed = "a webhook's URL, or an object with a method send(message), such as an IncomingWebhook"
  throw new CircuitBreakerConfigError('webhook', hideSecret(webhook), allowed)
}

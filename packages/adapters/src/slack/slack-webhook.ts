import { CircuitBreakerConfigError } from '@switchgear/core'
import { hideSecret } from './hide-secret.ts'
import { judgeHttpAnswer } from './judge-answer.ts'

/** What a notification is sent with: an `IncomingWebhook` of @slack/webhook, or anything with such a method. */
export interface SlackWebhook<M> {
  /** @param context an `IncomingWebhook` takes no notice of it; what does can stop when the signal aborts */
  send(message: M | string, context: { readonly signal: AbortSignal }): PromiseLike<unknown>
}

/** A message for a webhook, when it is more than text: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export interface SlackMessage {
  text?: string
  blocks?: readonly unknown[]
  attachments?: readonly unknown[]
  [field: string]: unknown
}

/** A webhook that is known by its URL, without a client. The URL is a secret: it stays in here. */
export class UrlWebhook implements SlackWebhook<unknown> {
  readonly #url: string
  readonly #fetch: typeof globalThis.fetch | undefined
  readonly #wallNow: () => number

  /** @throws {CircuitBreakerConfigError} for what is no URL of HTTP; it does not say what it was given */
  constructor(url: string | URL, fetch: typeof globalThis.fetch | undefined, wallNow: () => number) {
    this.#url = checkUrl(url)
    this.#fetch = fetch
    this.#wallNow = wallNow
  }

  async send(message: unknown, { signal }: { readonly signal: AbortSignal }): Promise<{ text: string }> {
    const fetch = this.#fetch ?? globalThis.fetch
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(typeof message === 'string' ? { text: message } : message),
      // Slack redirects nobody, and where it leads the message and the secret in the URL do not belong.
      redirect: 'manual',
      signal,
    })
    const text = await response.text()
    if (response.ok) return { text }
    throw judgeHttpAnswer({ status: response.status, headers: response.headers, body: text }, this.#wallNow)
  }
}

function checkUrl(url: string | URL): string {
  const text = String(url)
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new CircuitBreakerConfigError('webhook', hideSecret(text), 'an http or https URL')
}

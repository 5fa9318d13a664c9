import type { Verdict } from '@switchgear/core'

/**
 * What became of a call: Slack is `unavailable` (5xx, network), said `rate_limited`, or gave no answer in time (`timeout`);
 * the app or its webhook is `misconfigured`; Slack `answered` that this one request is wrong; a breaker further in let it
 * `not_sent`; or the error says nothing of Slack (`unknown`).
 */
export type SlackErrorKind =
  | 'unavailable'
  | 'rate_limited'
  | 'timeout'
  | 'misconfigured'
  | 'answered'
  | 'not_sent'
  | 'unknown'

/** What is known of a call that Slack did not take. */
export interface SlackErrorDetails {
  readonly kind: SlackErrorKind
  readonly reason: string
  readonly status?: number | undefined
  readonly retryAfterMs?: number | undefined
}

/** Why Slack did not take a call: codes and numbers, and no URL, token, message or page. */
export class SlackCallError extends Error implements SlackErrorDetails {
  readonly code = 'ERR_SLACK_CALL'
  readonly kind: SlackErrorKind
  /** Slack's code (`channel_not_found`), or that of the network (`ECONNREFUSED`), or an HTTP status (`http_503`). */
  readonly reason: string
  /** The HTTP status, where there was one. */
  readonly status: number | undefined
  /** How long Slack asked callers to stay away, in ms; absent when it did not say. */
  readonly retryAfterMs: number | undefined

  constructor({ kind, reason, status, retryAfterMs }: SlackErrorDetails) {
    super(`Slack did not take the call: ${reason}`)
    this.kind = kind
    this.reason = reason
    this.status = status
    this.retryAfterMs = retryAfterMs
    // Where it was made says nothing.
    this.stack = `SlackCallError: ${this.message}`
  }
}
// On the prototype and not enumerable, as the built-in errors have it; a bundler may rename the class.
Object.defineProperty(SlackCallError.prototype, 'name', { value: 'SlackCallError', configurable: true, writable: true })

/** What a kind of error says of Slack's health. */
export function verdictOf(kind: SlackErrorKind): Verdict {
  if (kind === 'unavailable' || kind === 'rate_limited' || kind === 'timeout') return 'failure'
  return kind === 'answered' ? 'success' : 'ignored'
}

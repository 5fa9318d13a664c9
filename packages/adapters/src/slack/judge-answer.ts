import { isFailureStatus } from '../http/http-status-error.ts'
import { type HeaderFields, readRetryAfter } from '../http/retry-after.ts'
import { SlackCallError, type SlackErrorDetails, type SlackErrorKind } from './slack-call-error.ts'

/** What is left of an HTTP response that is not a success, whichever client has read it. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: HeaderFields
  /** The text of the body: a webhook's says why, in a word. */
  readonly body?: unknown
}

const listOf = (codes: string): ReadonlySet<string> => new Set(codes.split(/\s+/))

// Codes of Slack's that say that Slack is unwell: https://docs.slack.dev/reference/methods, "errors" of each method.
const unavailable = listOf('internal_error fatal_error service_unavailable request_timeout team_added_to_org')
const rateLimited = listOf('ratelimited rate_limited')
// Codes that go on until somebody changes a token, a scope, a channel or a workspace.
const misconfigured = listOf(
  `not_authed invalid_auth account_inactive token_expired token_revoked invalid_token no_permission missing_scope
  not_allowed_token_type access_denied accesslimited ekm_access_denied enterprise_is_restricted org_login_required
  team_access_not_granted team_disabled no_team no_service no_service_id two_factor_setup_required
  channel_not_found not_in_channel is_archived channel_is_archived posting_to_general_channel_denied action_prohibited
  restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel
  restricted_action_non_threadable_channel restricted_action_thread_locked invalid_payload
  unknown_method deprecated_endpoint method_deprecated`,
)

/**
 * Judges an `ok: false` of the Web API by its code. A word that Slack could have said is an answer, whatever it means; what
 * is no such word, such as the page of a proxy, comes from something that is in Slack's place.
 */
export function judgeSlackCode(word: unknown, retryAfterMs?: number): SlackCallError {
  const reason = slackCode(word)
  if (reason === undefined) return new SlackCallError({ kind: 'unavailable', reason: 'no_answer_of_slack' })
  return new SlackCallError({ kind: kindOfCode(reason), reason, retryAfterMs })
}

/** Judges an HTTP status that is no success. A webhook and the Web API use 4xx for what is wrong with the app, and 429. */
export function judgeHttpAnswer({ status, headers, body }: HttpAnswer, wallNow: () => number): SlackCallError {
  const retryAfterMs = readRetryAfter(headers, wallNow)
  const details: Omit<SlackErrorDetails, 'kind'> = { reason: `http_${status}`, status, retryAfterMs }
  if (status === 429) return new SlackCallError({ ...details, kind: 'rate_limited', reason: 'rate_limited' })
  if (isFailureStatus(status)) return new SlackCallError({ ...details, kind: 'unavailable' })
  return new SlackCallError({ ...details, kind: 'misconfigured', reason: slackCode(body) ?? details.reason })
}

/** Whether a webhook's body is a page: something in Slack's place said 200. */
export function isPage(body: unknown): boolean {
  return typeof body === 'string' && body.trimStart().startsWith('<')
}

function kindOfCode(code: string): SlackErrorKind {
  if (unavailable.has(code)) return 'unavailable'
  if (rateLimited.has(code)) return 'rate_limited'
  return misconfigured.has(code) ? 'misconfigured' : 'answered'
}

/** A code as Slack writes them. Anything else may be a page, a secret or an attack, and is left where it is. */
function slackCode(word: unknown): string | undefined {
  return typeof word === 'string' && /^[a-z][a-z0-9_]{1,63}$/.test(word) ? word : undefined
}

import { isCircuitOpenError } from '@switchgear/core'
import { isTimeout } from '../http/is-timeout.ts'
import { judgeNetworkError } from '../http/judge-network-error.ts'
import { type HeaderRecord, headerFieldsOf } from '../http/header-fields.ts'
import { judgeHttpAnswer, judgeSlackCode } from './judge-answer.ts'
import { SlackCallError, type SlackErrorDetails } from './slack-call-error.ts'

/**
 * Says what an error of Slack's clients means, by its codes: those of @slack/webhook and @slack/web-api, versions 7 and 8,
 * and those of Node's network. Never gives the error itself: it may hold the webhook's URL or a token.
 */
export function judgeSlackError(error: unknown, wallNow: () => number): SlackCallError {
  if (isCircuitOpenError(error)) return new SlackCallError({ kind: 'not_sent', reason: 'ERR_CIRCUIT_OPEN' })
  try {
    if (error instanceof SlackCallError) return error
    const judged = judgeClientError(error as Record<string, unknown>, wallNow)
    if (judged !== undefined) return judged
  } catch {
    // null, or a hostile Proxy: not the client's.
  }
  return new SlackCallError(judgeWithoutAnswer(error))
}

function judgeClientError(error: Record<string, unknown>, wallNow: () => number): SlackCallError | undefined {
  switch (error['code']) {
    case 'slack_webapi_platform_error': {
      const { error: code, response_metadata: metadata } = error['data'] as Record<string, unknown>
      return judgeSlackCode(code, toMs((metadata as Record<string, unknown> | undefined)?.['retryAfter']))
    }
    case 'slack_webapi_rate_limited_error':
      return new SlackCallError({
        kind: 'rate_limited',
        reason: 'rate_limited',
        status: 429,
        retryAfterMs: toMs(error['retryAfter']),
      })
    case 'slack_webapi_http_error':
    case 'slack_webhook_http_error':
      return judgeHttpError(error, wallNow)
    case 'slack_webapi_request_error':
    case 'slack_webhook_request_error':
      return judgeRequestError(error)
    default:
      return undefined
  }
}

/** Version 8 has the response's parts on the error; version 7 of the webhook has axios' error as its `original`. */
function judgeHttpError(error: Record<string, unknown>, wallNow: () => number): SlackCallError | undefined {
  const { response } = (error['original'] ?? {}) as { response?: Record<string, unknown> }
  const status = error['statusCode'] ?? response?.['status']
  if (typeof status !== 'number') return undefined
  // Of version 7, when a good answer breaks off.
  if (status >= 200 && status < 300) return new SlackCallError({ kind: 'unavailable', reason: 'broken_answer' })
  const headers = headerFieldsOf((error['headers'] ?? response?.['headers']) as HeaderRecord | undefined)
  return judgeHttpAnswer({ status, headers, body: error['body'] ?? response?.['data'] }, wallNow)
}

/** No response came. Version 7 can be told to leave out why. */
function judgeRequestError({ original }: Record<string, unknown>): SlackCallError {
  if (original === undefined) return new SlackCallError({ kind: 'unavailable', reason: 'request_error' })
  const { code } = (original ?? {}) as { code?: unknown }
  // What axios calls an answer that breaks off.
  if (code === 'ERR_BAD_RESPONSE') {
    return new SlackCallError({ kind: 'unavailable', reason: 'broken_answer' })
  }
  return new SlackCallError(judgeWithoutAnswer(original))
}

function judgeWithoutAnswer(error: unknown): SlackErrorDetails {
  if (isTimeout(error)) return { kind: 'timeout', reason: 'timeout' }
  const network = judgeNetworkError(error)
  if (network !== undefined) {
    // What axios calls its time limit.
    const kind = network.type === 'ECONNABORTED' ? 'timeout' : 'unavailable'
    return { kind: network.verdict === 'failure' ? kind : 'answered', reason: network.type }
  }
  if (hasInvalidUrl(error)) return { kind: 'misconfigured', reason: 'invalid_url' }
  return { kind: 'unknown', reason: 'unknown' }
}

function hasInvalidUrl(error: unknown): boolean {
  try {
    const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
    return code === 'ERR_INVALID_URL' || cause?.code === 'ERR_INVALID_URL'
  } catch {
    return false
  }
}

function toMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : undefined
}

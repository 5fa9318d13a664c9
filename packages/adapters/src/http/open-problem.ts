import type { CircuitOpenError } from '@switchgear/core'

/** A rejection as a problem document (RFC 9457). */
export interface OpenProblem {
  readonly status: 503
  readonly statusText: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What to answer in the place of a service that is not asked, with `Retry-After` where it is known when it may be again. */
export function openProblem(error: CircuitOpenError): OpenProblem {
  const { code, breakerName, state, reason, retryAfterMs, message } = error
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  // Whole seconds, and never too early.
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000))
  const statusText = 'Service Unavailable'
  const problem = {
    title: statusText,
    status: 503,
    detail: message,
    code,
    breaker: breakerName,
    state,
    reason,
    retryAfterMs,
  }
  return { status: 503, statusText, headers, body: JSON.stringify(problem) }
}

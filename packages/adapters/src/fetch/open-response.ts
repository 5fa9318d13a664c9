import type { CircuitOpenError } from '@switchgear/core'

/** A rejection as a problem document (RFC 9457), with `Retry-After` where it is known when a call may be admitted again. */
export function openResponse(error: CircuitOpenError): Response {
  const { code, breakerName, state, reason, retryAfterMs, message } = error
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  // Whole seconds, and never too early.
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000))
  const title = 'Service Unavailable'
  const problem = { title, status: 503, detail: message, code, breaker: breakerName, state, reason, retryAfterMs }
  return new Response(JSON.stringify(problem), { status: 503, statusText: title, headers })
}

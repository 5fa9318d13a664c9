import type { CircuitOpenError } from '@switchgear/core'
import { openProblem } from '../http/open-problem.ts'

/** A rejection as a problem document (RFC 9457), with `Retry-After` where it is known when a call may be admitted again. */
export function openResponse(error: CircuitOpenError): Response {
  const { body, ...init } = openProblem(error)
  return new Response(body, init)
}

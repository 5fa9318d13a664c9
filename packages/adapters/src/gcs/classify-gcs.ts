import { isCircuitOpenError, type Outcome, type Verdict } from '@switchgear/core'
import { isFailureStatus } from '../http/http-status-error.ts'
import { judgeNetworkError } from '../http/judge-network-error.ts'

/** What an error of the client says of the service, and what to count it under. */
export interface GcsVerdict {
  readonly verdict: Verdict
  readonly type?: string
}

const integrityCodes = new Set([
  'CONTENT_DOWNLOAD_MISMATCH',
  'FILE_NO_UPLOAD',
  'FILE_NO_UPLOAD_DELETE',
  'MD5_NOT_AVAILABLE',
])

/**
 * What an outcome of a Cloud Storage call says of the service: 408, 429, 5xx and errors of the network are a failure; any
 * other status is a success, but 401 and 403, which are ignored as is everything else. Give it as `classify` to a breaker
 * whose `execute` makes the calls that a guard leaves alone.
 */
export function classifyGcs(outcome: Outcome): Verdict {
  return 'error' in outcome ? (judgeGcsError(outcome.error)?.verdict ?? 'ignored') : 'success'
}

/** Whether one object is bad, which says nothing of the others: its checksum is wrong, or it does not decompress. */
function isOfObject(code: unknown): boolean {
  return integrityCodes.has(code as string) || (typeof code === 'string' && code.startsWith('Z_'))
}

/** Judges by `code` and `status` alone; undefined for an error that has neither of a kind that is known. */
export function judgeGcsError(error: unknown): GcsVerdict | undefined {
  try {
    const { code, status } = error as { code?: unknown; status?: unknown }
    // Of another breaker, further in: this call was not made.
    if (isCircuitOpenError(error) || isOfObject(code)) return { verdict: 'ignored' }
    if (code === 'ERR_CIRCUIT_TIMEOUT') return { verdict: 'failure' }
    // So the client has it when a body ends before its end.
    if (code === 'ERR_STREAM_PREMATURE_CLOSE') return { verdict: 'failure', type: code }
    const number = toStatus(code) ?? toStatus(status)
    if (number !== undefined) return { verdict: judgeStatus(number), type: String(number) }
    return judgeNetworkError(error)
  } catch {
    // Nothing, or a hostile Proxy.
    return undefined
  }
}

function judgeStatus(status: number): Verdict {
  if (status === 401 || status === 403) return 'ignored'
  return isFailureStatus(status) ? 'failure' : 'success'
}

/** The client has statuses as numbers, and some as strings. */
function toStatus(code: unknown): number | undefined {
  return (typeof code === 'number' || typeof code === 'string') && /^[1-5]\d\d$/.test(String(code))
    ? Number(code)
    : undefined
}

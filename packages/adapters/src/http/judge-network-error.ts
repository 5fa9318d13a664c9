import { isFailureStatus } from './http-status-error.ts'

/** What an error of the network says of the service, and what to count it under. */
export interface NetworkVerdict {
  readonly verdict: 'success' | 'failure'
  readonly type: string
}

// What says that the caller's own machine or call is wrong (EMFILE, UND_ERR_INVALID_ARG, ERR_INVALID_URL) is in neither.
const codes = new Set(
  `ECONNREFUSED ECONNRESET ECONNABORTED ENOTFOUND ETIMEDOUT EPIPE EPROTO EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN
  ENETRESET UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_HEADERS_OVERFLOW
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_INFO DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN INVALID_CA
  INVALID_PURPOSE PATH_LENGTH_EXCEEDED HOSTNAME_MISMATCH`.split(/\s+/),
)
// Name resolution, proxies, HTTP parsing, HTTP/2, TLS, certificates, and bodies that do not decompress have families of codes.
const families = /^(?:EAI_|UND_ERR_PRX_|UND_ERR_SOCKS5|HPE_|ERR_HTTP2_|ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|Z_)/

/**
 * Looks for a network failure in an error, its causes and the errors of an `AggregateError`, by `code`; undefined for an
 * error that is none. Names and messages say nothing: a forbidden port and a refused connection are both a `TypeError:
 * fetch failed`.
 */
export function judgeNetworkError(error: unknown): NetworkVerdict | undefined {
  const seen = new Set<unknown>()
  const waiting = [error]
  // Chains of causes are short; the bound is for hostile ones, whose getters make new causes for ever.
  while (waiting.length > 0 && seen.size < 64) {
    const candidate = waiting.shift()
    if (typeof candidate !== 'object' || candidate === null || seen.has(candidate)) continue
    seen.add(candidate)
    try {
      const { code, name, statusCode, cause, errors } = candidate as Record<string, unknown>
      if (typeof code === 'string') {
        // Errors of undici that stand for a response.
        const isResponse = code === 'UND_ERR_REQ_RETRY' || code === 'UND_ERR_RESPONSE'
        if (isResponse && typeof statusCode === 'number') {
          return { verdict: isFailureStatus(statusCode) ? 'failure' : 'success', type: String(statusCode) }
        }
        if (codes.has(code) || families.test(code)) return { verdict: 'failure', type: code }
      }
      // It has a name and, from Node 24 on, no code.
      if (name === 'HTTPParserError') return { verdict: 'failure', type: name }
      waiting.push(cause)
      if (Array.isArray(errors)) waiting.push(...errors.slice(0, 64))
    } catch {
      // A hostile Proxy is no network failure.
    }
  }
  return undefined
}

/** What stands for a response that counts as a failure: its status, and not its URL, headers or body. */
export class HttpStatusError extends Error {
  readonly code = 'ERR_HTTP_STATUS'
  readonly status: number
  /** How long the service asked callers to stay away, in ms; absent when it did not say. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, retryAfterMs?: number) {
    super(`HTTP ${status}`)
    this.status = status
    this.retryAfterMs = retryAfterMs
    // Nobody threw it: where it was made says nothing.
    this.stack = `HttpStatusError: ${this.message}`
  }
}
// On the prototype and not enumerable, as the built-in errors have it; a bundler may rename the class.
Object.defineProperty(HttpStatusError.prototype, 'name', {
  value: 'HttpStatusError',
  configurable: true,
  writable: true,
})

/**
 * Whether a status says that the service is unwell: 5xx, 408 (Request Timeout) and 429 (Too Many Requests). Any other 4xx
 * is a right answer to a wrong request.
 */
export function isFailureStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}

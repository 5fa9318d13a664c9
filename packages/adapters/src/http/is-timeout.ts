/**
 * Whether an error is that of a time limit which has passed: of a breaker's `timeoutMs`, that of another copy of the package
 * too, or one set by `AbortSignal.timeout`.
 */
export function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  try {
    const { name, code } = error as { name?: unknown; code?: unknown }
    return name === 'TimeoutError' || code === 'ERR_CIRCUIT_TIMEOUT'
  } catch {
    // A hostile Proxy.
    return false
  }
}

import type { HalfOpenOptions, OpenContext, OpenPolicy } from '@switchgear/core'
import { HttpStatusError } from '../http/http-status-error.ts'

interface OpenOptions {
  readonly openMs: number | OpenPolicy | ((context: OpenContext) => number)
  readonly halfOpen?: HalfOpenOptions
}

/** The same options, with openings that last at least as long as the failure which opened the breaker asked callers to wait. */
export function holdForRetryAfter({ openMs, halfOpen }: OpenOptions, longestMs: number): OpenOptions {
  const policy = typeof openMs === 'function' ? { openMs } : openMs
  const held = { openMs: new RetryAfterPolicy(policy, longestMs) }
  if (typeof policy !== 'number' || policy === 0 || policy >= DEFAULT_PROBE_TIMEOUT_MS) return held
  // Of an open time that is a number the breaker derives a probe's lease; of a policy it cannot.
  return { ...held, halfOpen: { probeTimeoutMs: policy, ...halfOpen } }
}

const DEFAULT_PROBE_TIMEOUT_MS = 30_000

class RetryAfterPolicy implements OpenPolicy {
  // Enumerable, so that a registry sees whether two of these are the same.
  readonly policy: number | OpenPolicy
  readonly longestMs: number
  readonly decayMs?: number
  readonly maxAttempt?: number

  constructor(policy: number | OpenPolicy, longestMs: number) {
    this.policy = policy
    this.longestMs = longestMs
    if (typeof policy === 'number') return
    if (policy.decayMs !== undefined) this.decayMs = policy.decayMs
    if (policy.maxAttempt !== undefined) this.maxAttempt = policy.maxAttempt
  }

  openMs(context: OpenContext): number {
    const ms = typeof this.policy === 'number' ? this.policy : this.policy.openMs(context)
    const { error } = context
    const holdMs = error instanceof HttpStatusError ? Math.min(error.retryAfterMs ?? 0, this.longestMs) : 0
    // Nonsense of the caller's own policy goes on to the breaker, which reports it.
    return holdMs > ms ? holdMs : ms
  }
}

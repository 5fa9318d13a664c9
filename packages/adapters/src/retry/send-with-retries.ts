import type { Clock } from '@switchgear/core'
import { dropBody } from '../http/drop-body.ts'
import type { TriedRequest } from './key-pace.ts'
import { wait } from './wait.ts'

/** What came of one try. */
export type Result = { readonly response: Response } | { readonly error: unknown }

interface RetryLoop<R extends Result> {
  readonly send: () => Promise<R>
  /** For how many ms to wait before another try; undefined: there is none. */
  readonly waitBeforeNext: (result: R, at: TriedRequest) => number | undefined
  readonly clock: Required<Clock>
  /** The caller's: it ends waits too. */
  readonly signal: AbortSignal | null | undefined
}

/** Sends a request again and again for as long as it is told to, and gives what came last. */
export async function sendWithRetries<R extends Result>(loop: RetryLoop<R>): Promise<Response> {
  const { send, waitBeforeNext, clock, signal } = loop
  const startedAt = clock.now()
  for (let attempt = 1; ; attempt++) {
    const result = await send()
    const now = clock.now()
    const waitMs = waitBeforeNext(result, { attempt, now, elapsedMs: now - startedAt })
    if (waitMs === undefined || signal?.aborted) return give(result)
    if ('response' in result) void dropBody(result.response)
    await wait(waitMs, clock, signal)
  }
}

/** The very response, or throws the very error. */
export function give(result: Result): Response {
  if ('error' in result) throw result.error
  return result.response
}

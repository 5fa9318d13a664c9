import type { CircuitBreaker } from '@switchgear/core'
import { type FetchParameters, isReplayable, methodOf } from '../http/fetch-request.ts'
import type { KeyPace, TriedRequest } from '../retry/key-pace.ts'
import type { Result } from '../retry/send-with-retries.ts'
import type { Exchange } from './exchange.ts'
import type { FetchRetry } from './retry-options.ts'

/** What came of a try; one that was not admitted has no exchange. */
export type Tried = Result & { readonly breaker: CircuitBreaker; readonly exchange?: Exchange }

/** After how many ms a request is worth another try, by what its breaker made of the last one; undefined: it is not. */
export function waitBeforeRetry(
  { limits, methods }: FetchRetry,
  pace: KeyPace,
  request: FetchParameters,
  { breaker, exchange }: Tried,
  at: TriedRequest,
): number | undefined {
  if (exchange === undefined) return undefined
  const { verdict, status, retryAfterMs } = exchange
  if (at.attempt === 1) pace.countFirstTry(at.now)
  pace.heed(at.now, retryAfterMs)
  const mayRepeat = status === 429 || methods.has(methodOf(request))
  if (verdict !== 'failure' || !mayRepeat || !isReplayable(request)) return undefined
  if (!breaker.isAvailable()) return undefined
  const decision = pace.decide(limits, at, retryAfterMs)
  return decision.retry ? decision.waitMs : undefined
}

import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures, type RecoverWhen } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail } from './drive.ts'

export type Check = RecoverWhen['check']

/** Lets promises that have settled tell so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** An open breaker that asks every second whether its service is back. */
export function opened(
  recoverWhen: Partial<RecoverWhen> & { check: Check },
  options: CircuitBreakerOptions = {},
): { breaker: CircuitBreaker; clock: ManualClock; pass: (ms: number) => Promise<void> } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: 10_000,
    recoverWhen: { everyMs: 1_000, ...recoverWhen },
    ...options,
  })
  fail(breaker)
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }
  return { breaker, clock, pass }
}

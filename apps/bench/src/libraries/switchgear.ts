import type * as Core from '@switchgear/core'
import { BUSY_CALLS, type Call, callTimes, charge, fail, type Library, succeed, watch } from '../call-cases.ts'

type CircuitBreakerOptions = Core.CircuitBreakerOptions

const NEVER = Number.MAX_SAFE_INTEGER
const AN_HOUR_MS = 3_600_000

/** The cases through a build of the core: this one's, or another one to compare it with. */
export function switchgear({ CircuitBreaker, consecutiveFailures, failureRate }: typeof Core): Library {
  const trip = consecutiveFailures(NEVER)
  const execute = (work: () => Promise<number>, options?: CircuitBreakerOptions): Call => {
    const breaker = new CircuitBreaker('payments', options)
    return () => breaker.execute(work)
  }
  /** Half-open, and staying there. */
  const probe = async (options: CircuitBreakerOptions): Promise<Call> => {
    const breaker = new CircuitBreaker('payments', { trip: consecutiveFailures(1), openMs: 0, ...options })
    await callTimes(1, () => breaker.execute(fail))
    return () => breaker.execute(succeed)
  }
  return {
    success: () => execute(succeed),
    // Only calls on the platform's own clock share its time in bursts.
    ownClock: () => execute(succeed, { clock: { now: () => performance.now() } }),
    failure: () => execute(fail, { trip }),
    busyFailure: async () => {
      const window = { ms: AN_HOUR_MS }
      const breaker = new CircuitBreaker('payments', { trip: failureRate({ threshold: 1, window }) })
      await callTimes(BUSY_CALLS, () => breaker.execute(succeed))
      return () => breaker.execute(fail)
    },
    fastFail: async () => {
      const call = execute(fail, { trip: consecutiveFailures(1) })
      await callTimes(1, call)
      return call
    },
    halfOpen: () => probe({ halfOpen: { successesToClose: NEVER } }),
    rampUp: async () => {
      const call = await probe({
        halfOpen: { successesToClose: 1 },
        // A step that does not end, and lets nearly all calls in.
        rampUp: { stepsPercent: [99.99], stepMs: AN_HOUR_MS, minimumCalls: NEVER },
      })
      await callTimes(1, call)
      return call
    },
    timeout: () => execute(succeed, { timeoutMs: 10_000 }),
    timeoutWithSignal: () => {
      const breaker = new CircuitBreaker('payments', { timeoutMs: 10_000 })
      return () => breaker.execute(({ signal }) => watch(signal))
    },
    wrapped: () => {
      const guarded = new CircuitBreaker('payments').wrap(charge)
      return () => guarded(1)
    },
    countWindow: () => execute(succeed, { trip: failureRate({ window: { calls: 100 } }) }),
    timeWindow: () => execute(succeed, { trip: failureRate({ window: { ms: 10_000 } }) }),
    concurrent: () => execute(succeed),
  }
}

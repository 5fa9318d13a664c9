import CircuitBreaker from 'opossum'
import { BUSY_CALLS, callTimes, charge, fail, type Library, succeed } from '../call-cases.ts'

const AN_HOUR_MS = 3_600_000

// What is not the case's own is its default; only its timeout is off where the case has none.
const options: CircuitBreaker.Options = { timeout: false, errorThresholdPercentage: 100, resetTimeout: AN_HOUR_MS }

/** Its one window is of time; it has neither several probes nor a ramp-up, and one signal for all calls of a breaker. */
export const opossum: Library = {
  success: () => fire(succeed),
  failure: () => fire(fail),
  busyFailure: async () => {
    const isDown = { now: false }
    const breaker = new CircuitBreaker(() => (isDown.now ? fail() : succeed()), {
      ...options,
      rollingCountTimeout: AN_HOUR_MS,
    })
    await callTimes(BUSY_CALLS, () => breaker.fire())
    isDown.now = true
    return () => breaker.fire()
  },
  fastFail: () => {
    const breaker = new CircuitBreaker(fail, options)
    breaker.open()
    return () => breaker.fire()
  },
  timeout: () => fire(succeed, { timeout: 10_000 }),
  wrapped: () => {
    const breaker = new CircuitBreaker(charge, options)
    return () => breaker.fire(1)
  },
  timeWindow: () => fire(succeed),
  concurrent: () => fire(succeed),
}

function fire(work: () => Promise<number>, own: CircuitBreaker.Options = {}): () => Promise<number> {
  const breaker = new CircuitBreaker(work, { ...options, ...own })
  return () => breaker.fire()
}

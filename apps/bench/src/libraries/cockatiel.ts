import {
  circuitBreaker,
  ConsecutiveBreaker,
  CountBreaker,
  handleAll,
  type IBreaker,
  type ICircuitBreakerOptions,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import { BUSY_CALLS, type Call, callTimes, fail, type Library, succeed, watch } from '../call-cases.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const AN_HOUR_MS = 3_600_000

/** Its functions are not wrapped but given to `execute`, and it has no ramp-up. */
export const cockatiel: Library = {
  success: () => execute(succeed),
  failure: () => execute(fail),
  busyFailure: async () => {
    const policy = createPolicy(new SamplingBreaker({ threshold: 0.99, duration: AN_HOUR_MS, minimumRps: 0 }))
    await callTimes(BUSY_CALLS, () => policy.execute(succeed))
    return () => policy.execute(fail)
  },
  fastFail: async () => {
    const call = execute(fail, new ConsecutiveBreaker(1))
    await callTimes(1, call)
    return call
  },
  halfOpen: async () => {
    const halfOpenSampling = { calls: NEVER, threshold: 0.99 }
    const policy = createPolicy(new ConsecutiveBreaker(1), { halfOpenAfter: 0, halfOpenSampling })
    await callTimes(1, () => policy.execute(fail))
    return () => policy.execute(succeed)
  },
  timeout: () => {
    const policy = wrap(createPolicy(), timeout(10_000, TimeoutStrategy.Aggressive))
    return () => policy.execute(succeed)
  },
  timeoutWithSignal: () => {
    const policy = wrap(createPolicy(), timeout(10_000, TimeoutStrategy.Aggressive))
    return () => policy.execute(({ signal }) => watch(signal))
  },
  countWindow: () => execute(succeed, new CountBreaker({ threshold: 0.5, size: 100 })),
  timeWindow: () => execute(succeed, new SamplingBreaker({ threshold: 0.5, duration: 10_000 })),
  concurrent: () => execute(succeed),
}

function execute(work: () => Promise<number>, breaker?: IBreaker): Call {
  const policy = createPolicy(breaker)
  return () => policy.execute(work)
}

function createPolicy(
  breaker: IBreaker = new ConsecutiveBreaker(NEVER),
  options: Partial<ICircuitBreakerOptions> = {},
): ReturnType<typeof circuitBreaker> {
  return circuitBreaker(handleAll, { breaker, halfOpenAfter: AN_HOUR_MS, ...options })
}

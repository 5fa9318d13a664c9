import {
  BreakerState,
  Circuit,
  type CircuitFunction,
  type Module,
  SlidingCountBreaker,
  SlidingTimeBreaker,
  Timeout,
} from 'mollitia'
import { type Call, charge, fail, type Library, succeed } from '../call-cases.ts'

const AN_HOUR_MS = 3_600_000

// It takes 100 for never.
const never = { failureRateThreshold: 100 }

/** It keeps at most 1,000 calls in a window of time, and in half_open every one, so it cannot stay there to be measured. */
export const mollitia: Library = {
  success: () => execute(succeed, new SlidingCountBreaker({})),
  failure: () => execute(fail, new SlidingCountBreaker(never)),
  fastFail: () => execute(fail, new SlidingCountBreaker({ state: BreakerState.OPENED, openStateDelay: AN_HOUR_MS })),
  timeout: () => execute(succeed, new SlidingCountBreaker({}), new Timeout({ delay: 10_000 })),
  wrapped: () => {
    const circuit = createCircuit(charge, new SlidingCountBreaker({}))
    return () => circuit.execute(1)
  },
  countWindow: () => execute(succeed, new SlidingCountBreaker({ slidingWindowSize: 100 })),
  timeWindow: () => execute(succeed, new SlidingTimeBreaker({ slidingWindowSize: 10_000 })),
  concurrent: () => execute(succeed, new SlidingCountBreaker({})),
}

function execute(work: CircuitFunction, ...modules: Module[]): Call {
  const circuit = createCircuit(work, ...modules)
  return () => circuit.execute()
}

function createCircuit(func: CircuitFunction, ...modules: Module[]): Circuit {
  return new Circuit({ name: 'payments', func, options: { modules } })
}

import { callTimes, charge, fail, type Library, succeed } from '../call-cases.ts'

/** Nothing at all between the caller and the call. */
export const bareAwait: Library = {
  success: () => succeed,
  ownClock: () => succeed,
  failure: () => fail,
  busyFailure: () => fail,
  fastFail: () => fail,
  halfOpen: () => succeed,
  timeout: () => succeed,
  wrapped: () => () => charge(1),
  countWindow: () => succeed,
  timeWindow: () => succeed,
  concurrent: () => succeed,
}

/** The least that a breaker can do and still be one. */
export const minimum: Library = {
  success: () => guard(succeed),
  failure: () => guard(fail),
  fastFail: async () => {
    const breaker = new MinimalBreaker(1)
    const call = (): Promise<number> => breaker.execute(fail)
    await callTimes(1, call)
    return call
  },
  concurrent: () => guard(succeed),
}

function guard(work: () => Promise<number>): () => Promise<number> {
  const breaker = new MinimalBreaker(Number.POSITIVE_INFINITY)
  return () => breaker.execute(work)
}

/** Counts failures in a row, and only those of calls that the present state admitted. Never recovers. */
class MinimalBreaker {
  readonly #threshold: number
  #epoch = 0
  #failures = 0
  #isOpen = false

  constructor(threshold: number) {
    this.#threshold = threshold
  }

  execute<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOpen) return Promise.reject(rejection())
    const epoch = this.#epoch
    return work().then(
      (value) => {
        if (epoch === this.#epoch) this.#failures = 0
        return value
      },
      (error: unknown) => {
        if (epoch === this.#epoch && ++this.#failures >= this.#threshold) {
          this.#isOpen = true
          this.#epoch++
        }
        throw error
      },
    )
  }
}

function rejection(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new Error('open')
  Error.stackTraceLimit = limit
  return error
}

import { Effect, Scope } from 'effect'
import { CircuitBreaker } from 'effect/persistence'
import { type Call, callTimes, fail, type Library, succeed } from '../call-cases.ts'

const key = 'payments'
const NEVER = Number.MAX_SAFE_INTEGER

/** Without a breaker: what running an effect costs, which those who use Effect pay anyway. */
export const effectAlone: Library = {
  success: () => run(Effect.promise(succeed)),
  failure: () => run(attempt(fail)),
  timeout: () => run(Effect.promise(succeed).pipe(Effect.timeout('10 seconds'))),
  concurrent: () => run(Effect.promise(succeed)),
}

/** One probe closes it, so it cannot stay half-open to be measured; it has no window of time. */
export const effect: Library = {
  success: async () => guard(await createBreaker(), Effect.promise(succeed)),
  failure: async () => guard(await createBreaker(), attempt(fail)),
  fastFail: async () => {
    const call = guard(await createBreaker(CircuitBreaker.consecutive(1)), attempt(fail))
    await callTimes(1, call)
    return call
  },
  timeout: async () => guard(await createBreaker(), Effect.promise(succeed).pipe(Effect.timeout('10 seconds'))),
  countWindow: async () =>
    guard(await createBreaker(CircuitBreaker.rate({ threshold: 0.5, size: 100 })), Effect.promise(succeed)),
  concurrent: async () => guard(await createBreaker(), Effect.promise(succeed)),
}

/** A breaker whose circuits live in this process, for as long as it does. */
export function createBreaker(
  tripPolicy: CircuitBreaker.TripPolicy = CircuitBreaker.consecutive(NEVER),
): Promise<CircuitBreaker.CircuitBreaker> {
  return CircuitBreaker.make({ tripPolicy, openDuration: '1 hour' }).pipe(
    Effect.provideService(Scope.Scope, Scope.makeUnsafe()),
    Effect.provide(CircuitBreaker.layerStoreMemory(), { local: true }),
    Effect.runPromise,
  )
}

const attempt = (work: () => Promise<number>): Effect.Effect<number, unknown> =>
  Effect.tryPromise({ try: work, catch: (error) => error })

function guard<E>(breaker: CircuitBreaker.CircuitBreaker, work: Effect.Effect<number, E>): Call {
  return run(work.pipe(breaker.execute({ key })))
}

function run<E>(work: Effect.Effect<number, E>): Call {
  return () => Effect.runPromise(work)
}

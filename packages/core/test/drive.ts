import type { CircuitBreaker, CircuitBreakerEvents, EventName } from '@switchgear/core'

/** What the service of these tests throws when it is down. */
export const down: Error = new Error('service is down')

/** Calls that are admitted and fail at once. */
export function fail(breaker: CircuitBreaker, times = 1, error: unknown = down): void {
  for (let i = 0; i < times; i++) breaker.acquire().failure(error)
}

/** Calls that are admitted and succeed at once. */
export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let i = 0; i < times; i++) breaker.acquire().success()
}

/** Every event of a name from now on, in the order in which they are sent. */
export function hear<N extends EventName>(source: Pick<CircuitBreaker, 'on'>, name: N): CircuitBreakerEvents[N][] {
  const heard: CircuitBreakerEvents[N][] = []
  source.on(name, (event) => void heard.push(event))
  return heard
}

/** What a function throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

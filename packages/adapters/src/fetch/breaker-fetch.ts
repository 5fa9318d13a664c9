import { type CircuitBreaker, type CircuitOpenError, findCircuitOpenError, type Permit } from '@switchgear/core'
import { Exchange } from './exchange.ts'
import { openResponse } from './open-response.ts'
import { type BreakerFetchOptions, type FetchConfig, resolveFetchOptions } from './options.ts'
import { type FetchParameters, initOf, signalOf, urlOf, withSignal } from './request.ts'
import { withTimeLimit } from './time-limit.ts'

/**
 * A `fetch` that sends each request through a circuit breaker, one for each origin. It can stand wherever `fetch` does: it
 * gives the very `Response` that the platform's `fetch` gives, and its very errors.
 *
 * Failures are network errors, time limits that pass, 5xx, 408, 429, and bodies that break while they are read. The caller's
 * own abort and mistakes (a bad URL, a bad `init`) count as nothing. While a breaker is open, requests are rejected with a
 * `CircuitOpenError` before anything of them is touched; see `onOpen`.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function breakerFetch(options: BreakerFetchOptions = {}): typeof globalThis.fetch {
  const config = resolveFetchOptions(options)
  const platformFetch = globalThis.fetch
  let patched: unknown
  // Looked up at each call, so that what patches fetch later is used too; where `guarded` took its place, what was there before.
  const currentFetch: typeof globalThis.fetch = (...request) => {
    if (globalThis.fetch === guarded) return platformFetch(...request)
    const before = patched
    patched = request[0]
    try {
      return globalThis.fetch(...request)
    } finally {
      patched = before
    }
  }
  const fetch = config.fetch ?? currentFetch
  const guarded = async (...request: FetchParameters): Promise<Response> => {
    // What was laid over this function calls it back with a request that is guarded already.
    if (patched !== undefined && patched === request[0]) return platformFetch(...request)
    const url = urlOf(request)
    const key = url && config.key(url, initOf(request))
    if (key === undefined) return fetch(...request)
    const signal = signalOf(request)
    if (signal?.aborted) throw signal.reason
    const breaker = config.breakers.for(key)
    const permit = admit(breaker)
    if ('breakerName' in permit) return whenOpen(config, permit, request)
    const exchange = new Exchange(permit, config, signal)
    const response = await permit
      .run(() => send(fetch, request, breaker, config))
      .catch((error: unknown) => {
        exchange.failed(error)
        throw error
      })
    exchange.answered(response)
    return response
  }
  return Object.defineProperties(guarded, { name: { value: 'fetch' }, length: { value: 1 } })
}

function admit(breaker: CircuitBreaker): Permit | CircuitOpenError {
  try {
    return breaker.acquire()
  } catch (error) {
    const rejection = findCircuitOpenError(error)
    if (rejection === undefined) throw error
    return rejection
  }
}

async function whenOpen({ onOpen }: FetchConfig, error: CircuitOpenError, request: FetchParameters): Promise<Response> {
  if (onOpen === 'throw') throw error
  return onOpen === 'respond' ? openResponse(error) : onOpen(error, ...request)
}

async function send(
  fetch: typeof globalThis.fetch,
  request: FetchParameters,
  { name }: CircuitBreaker,
  { timeoutMs, clock }: FetchConfig,
): Promise<Response> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return fetch(...request)
  return withTimeLimit((signal) => fetch(...withSignal(request, signal)), {
    signal: signalOf(request),
    timeoutMs,
    clock,
    name,
  })
}

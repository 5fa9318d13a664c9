import { type CircuitBreaker, type CircuitOpenError, findCircuitOpenError, type Permit } from '@switchgear/core'
import { type FetchParameters, initOf, signalOf, urlOf, withSignal } from '../http/fetch-request.ts'
import { layOverFetch } from '../http/lay-over-fetch.ts'
import { give, sendWithRetries } from '../retry/send-with-retries.ts'
import { Exchange } from './exchange.ts'
import { openResponse } from './open-response.ts'
import { type BreakerFetchOptions, type CallConfig, resolveCall, resolveFetchOptions } from './options.ts'
import { withTimeLimit } from './time-limit.ts'
import { type Tried, waitBeforeRetry } from './wait-before-retry.ts'

type Fetch = typeof globalThis.fetch

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
  return layOverFetch(config.fetch, async (fetch, request) => {
    const url = urlOf(request)
    const key = url && config.key(url, initOf(request))
    if (key === undefined) return fetch(...request)
    const signal = signalOf(request)
    if (signal?.aborted) throw signal.reason
    const breaker = config.breakers.for(key)
    const call = resolveCall(config, breaker, request)
    const { retry, clock } = call
    if (retry === undefined) return give(await tryOnce(breaker, call, fetch, request))
    return sendWithRetries({
      // Asked for at each try: a key may get another breaker during a long wait.
      send: () => tryOnce(config.breakers.for(key), call, fetch, request),
      waitBeforeNext: (tried, at) => waitBeforeRetry(retry, config.paces.of(tried.breaker), request, tried, at),
      clock,
      signal,
    })
  })
}

async function tryOnce(
  breaker: CircuitBreaker,
  call: CallConfig,
  fetch: Fetch,
  request: FetchParameters,
): Promise<Tried> {
  const permit = admit(breaker)
  if ('breakerName' in permit) return { breaker, response: await whenOpen(call, permit, request) }
  const exchange = new Exchange(permit, call, signalOf(request))
  try {
    const response = await permit.run(() => send(fetch, request, breaker, call))
    exchange.answered(response)
    return { breaker, exchange, response }
  } catch (error) {
    exchange.failed(error)
    return { breaker, exchange, error }
  }
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

async function whenOpen({ onOpen }: CallConfig, error: CircuitOpenError, request: FetchParameters): Promise<Response> {
  if (onOpen === 'throw') throw error
  return onOpen === 'respond' ? openResponse(error) : onOpen(error, ...request)
}

async function send(
  fetch: Fetch,
  request: FetchParameters,
  { name }: CircuitBreaker,
  { timeoutMs, clock }: CallConfig,
): Promise<Response> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return fetch(...request)
  return withTimeLimit((signal) => fetch(...withSignal(request, signal)), {
    signal: signalOf(request),
    timeoutMs,
    clock,
    name,
  })
}

import { type CircuitBreaker, CircuitBreakerConfigError, type KeyedBreakers, type Permit } from '@switchgear/core'
import { type FetchParameters, initOf, isReplayable, signalOf, urlOf } from '../http/fetch-request.ts'
import { headerFieldsOf, type HeaderRecord } from '../http/header-fields.ts'
import { HttpStatusError } from '../http/http-status-error.ts'
import { layOverFetch } from '../http/lay-over-fetch.ts'
import { type HeaderFields, readRetryAfter } from '../http/retry-after.ts'
import type { RetryDecision, RetryLimits, TriedRequest } from '../retry/key-pace.ts'
import { mergeLimits } from '../retry/retry-options.ts'
import { type Result, sendWithRetries } from '../retry/send-with-retries.ts'
import { callOptionsOf } from './call-options.ts'
import { type RateLimitConfig, type RateLimitOptions, resolveRateLimitOptions } from './options.ts'

/** What has to be known of a response: a `Response` is one, and most clients have something like it. */
export interface RateLimitedResponse {
  readonly status: number
  readonly headers?: HeaderFields | HeaderRecord
}

/** Where a caller's own loop stands. */
export interface RateLimitAttempt {
  /** Which try gave the response: 1 is the first. */
  readonly attempt: number
  /** Whose limit it counts against, such as the service's origin. */
  readonly key: string
  /** How long the loop takes so far, in ms, for `totalMs`. Default: 0. */
  readonly elapsedMs?: number
}

/**
 * Waits out rate limits: sends a request again after a 429 (Too Many Requests), never earlier than its `Retry-After` says,
 * else by exponential backoff with full jitter. What it knows it knows by key, such as the service's origin: after ten 429s
 * in a row the key's breaker opens and requests are rejected with a `CircuitOpenError`, and a budget bounds the retries of
 * all its requests together.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist, and for an option or an environment variable with a
 * value that is not allowed
 */
export class RateLimitHandler {
  /**
   * A `fetch` that does all of it. Gives the 429 itself where waiting is of no use: no retry is left, the wait would be too
   * long, the breaker has opened, or the request has a body that can be sent once. Any other response, and any error, is
   * given as it is.
   */
  readonly fetch: typeof globalThis.fetch
  readonly #config: RateLimitConfig

  constructor(options: RateLimitOptions = {}) {
    const config = resolveRateLimitOptions(options)
    this.#config = config
    this.fetch = layOverFetch(config.fetch, async (fetch, request) => {
      const url = urlOf(request)
      const key = url && config.key(url, initOf(request))
      return key === undefined ? fetch(...request) : this.#send(key, fetch, request)
    })
  }

  /** The breakers, one for each key: their states, their events, and ways to reset them. */
  get breakers(): KeyedBreakers {
    return this.#config.breakers
  }

  /**
   * Takes note of a response and says whether its request should be sent again, and after how many ms; for callers with a
   * loop of their own. Tell it of every response, whatever its status: a good one closes what bad ones have opened. Whether
   * a request can be sent again at all, its caller must know.
   *
   * @throws {CircuitBreakerConfigError} for an `attempt` that is no whole number of at least 1, and for an empty key
   */
  decide(response: RateLimitedResponse, { attempt, key, elapsedMs = 0 }: RateLimitAttempt): RetryDecision {
    if (!Number.isSafeInteger(attempt) || attempt < 1) {
      throw new CircuitBreakerConfigError('attempt', attempt, 'a whole number of at least 1')
    }
    const breaker = this.breakers.for(key)
    // The request was sent: where it would not be admitted, it was not rejected either.
    const permit = breaker.isAvailable() ? breaker.tryAcquire() : undefined
    let toldMs: number | undefined
    try {
      toldMs = this.#note(breaker, permit, response)
    } catch (error) {
      // What the response's own getters throw.
      permit?.ignore()
      throw error
    }
    const tried = { attempt, elapsedMs, now: breaker.callOptions.clock.now() }
    this.#countTry(breaker, tried)
    return this.#decide(breaker, response, toldMs, this.#config.limits, tried)
  }

  async #send(key: string, fetch: typeof globalThis.fetch, request: FetchParameters): Promise<Response> {
    const signal = signalOf(request)
    if (signal?.aborted) throw signal.reason
    const limits = mergeLimits(this.#config.limits, callOptionsOf(request) ?? {})
    return sendWithRetries({
      send: () => this.#tryOnce(key, fetch, request),
      waitBeforeNext: (tried, at) => {
        this.#countTry(tried.breaker, at)
        if ('error' in tried || !isReplayable(request)) return undefined
        const decision = this.#decide(tried.breaker, tried.response, tried.toldMs, limits, at)
        return decision.retry ? decision.waitMs : undefined
      },
      clock: this.breakers.for(key).callOptions.clock,
      signal,
    })
  }

  async #tryOnce(key: string, fetch: typeof globalThis.fetch, request: FetchParameters): Promise<Tried> {
    // Asked for at each try: a key may get another breaker during a long wait.
    const breaker = this.breakers.for(key)
    const permit = breaker.acquire()
    try {
      const response = await permit.run(() => fetch(...request))
      return { breaker, response, toldMs: this.#note(breaker, permit, response) }
    } catch (error) {
      // It says nothing of limits.
      permit.ignore()
      return { breaker, error }
    }
  }

  /** What a response says of the limit of its key, and for how many ms it asks to be left alone. */
  #note(breaker: CircuitBreaker, permit: Permit | undefined, response: RateLimitedResponse): number | undefined {
    if (!isLimited(response)) {
      permit?.success()
      return undefined
    }
    const { heedRetryAfter, maxRetryAfterMs, paces } = this.#config
    const { clock } = breaker.callOptions
    const fields = headerFieldsOf(heedRetryAfter ? response.headers : undefined)
    const toldMs = readRetryAfter(fields, () => clock.wallNow())
    paces.of(breaker).heed(clock.now(), toldMs)
    const holdMs = Math.min(toldMs ?? 0, maxRetryAfterMs)
    permit?.failure(new HttpStatusError(response.status, toldMs), { type: String(response.status), holdMs })
    return toldMs
  }

  #countTry(breaker: CircuitBreaker, { attempt, now }: TriedRequest): void {
    if (attempt === 1) this.#config.paces.of(breaker).countFirstTry(now)
  }

  #decide(
    breaker: CircuitBreaker,
    response: RateLimitedResponse,
    toldMs: number | undefined,
    limits: RetryLimits,
    tried: TriedRequest,
  ): RetryDecision {
    if (!isLimited(response)) return { retry: false, reason: 'not_rate_limited' }
    if (!breaker.isAvailable()) return { retry: false, reason: 'circuit_open' }
    return this.#config.paces.of(breaker).decide(limits, tried, toldMs)
  }
}

/** A try that was sent. */
type Tried = Result & { readonly breaker: CircuitBreaker; readonly toldMs?: number | undefined }

/** What a test has put in the place of a response may be nothing at all. */
function isLimited(response: RateLimitedResponse | undefined): boolean {
  return response?.status === 429
}

import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitTimeoutError,
  type Outcome,
  type Permit,
  type Verdict,
} from '@switchgear/core'
import { askClassify } from '../http/ask-classify.ts'
import { followSignal } from '../http/follow-signal.ts'
import { isTimeout } from '../http/is-timeout.ts'
import { judgeSlackError } from './judge-slack-error.ts'
import { Misconfiguration, type MisconfigurationListener } from './misconfiguration.ts'
import { type SlackCallError, verdictOf } from './slack-call-error.ts'

/** How calls to Slack are made and judged. */
export interface SlackGuardOptions {
  readonly timeoutMs: number
  readonly maxRetryAfterMs: number
  readonly classify: CircuitBreakerOptions['classify']
  readonly onMisconfigured: MisconfigurationListener | undefined
}

/** One call, and what is particular to it. */
export interface SlackCall<T> {
  readonly make: (signal: AbortSignal) => T | PromiseLike<T>
  /** The caller's own wish to stop. */
  readonly signal?: AbortSignal | undefined
  /** What is wrong with a value although the client has taken it for success. */
  readonly faultOf?: (value: T) => SlackCallError | undefined
}

/** Makes calls through a breaker: one permit each, a time limit, and a verdict by Slack's codes. */
export class SlackGuard {
  readonly breaker: CircuitBreaker
  readonly #options: SlackGuardOptions
  readonly #misconfiguration: Misconfiguration

  constructor(breaker: CircuitBreaker, options: SlackGuardOptions) {
    this.breaker = breaker
    this.#options = options
    this.#misconfiguration = new Misconfiguration(breaker.name, options.onMisconfigured)
  }

  /**
   * Gives what the call gives, the very value or error. Rejects with a `CircuitOpenError` when it is not admitted, with a
   * `CircuitTimeoutError` when it takes too long, with `signal.reason` when its caller aborts.
   */
  async run<T>(call: SlackCall<T>): Promise<T> {
    const { signal } = call
    if (signal?.aborted) throw signal.reason
    const permit = this.breaker.acquire()
    // A listener that heard of the admission may have aborted.
    if (signal?.aborted) {
      permit.ignore()
      throw signal.reason
    }
    const { clock } = this.breaker.callOptions
    const startedAt = clock.now()
    const cutter = new AbortController()
    const { promise: cut, reject } = withRejector()
    const cutOff = (reason: unknown): void => {
      // Before the call hears of it and fails in its own way.
      reject(reason)
      cutter.abort(reason)
    }
    const unfollow = signal && followSignal(signal, { abort: cutOff })
    const timer = this.#setTimer(cutOff)
    try {
      const result = permit.run(async () => call.make(cutter.signal))
      const value = await Promise.race([result, cut])
      this.#settleValue(permit, call, value, clock.now() - startedAt)
      return value
    } catch (error) {
      const hasLeft = signal?.aborted && error === signal.reason && !isTimeout(error)
      if (hasLeft) permit.ignore()
      else this.#settleError(permit, error, clock.now() - startedAt)
      throw error
    } finally {
      timer?.cancel()
      unfollow?.()
    }
  }

  /** What an error that {@link run} has thrown says of Slack. */
  judge(error: unknown): SlackCallError {
    return judgeSlackError(error, () => this.breaker.callOptions.clock.wallNow())
  }

  /** How long to stay away after an error, in ms: what Slack asked for, up to the cap. */
  holdMs({ retryAfterMs = 0 }: SlackCallError): number {
    return Math.min(retryAfterMs, this.#options.maxRetryAfterMs)
  }

  #setTimer(cutOff: (reason: unknown) => void): { cancel(): void } | undefined {
    const { timeoutMs } = this.#options
    const { name, callOptions } = this.breaker
    if (timeoutMs === Number.POSITIVE_INFINITY) return undefined
    return callOptions.clock.setTimer(() => cutOff(new CircuitTimeoutError(name, timeoutMs)), timeoutMs)
  }

  #settleValue<T>(permit: Permit, { faultOf }: SlackCall<T>, value: T, durationMs: number): void {
    const fault = faultOf?.(value)
    const verdict = this.#ask({ value }, durationMs) ?? (fault === undefined ? 'success' : verdictOf(fault.kind))
    if (verdict === 'success') permit.success()
    else if (verdict === 'ignored') permit.ignore()
    else permit.failure(fault, { type: fault === undefined ? 'value' : typeOf(fault) })
  }

  #settleError(permit: Permit, error: unknown, durationMs: number): void {
    const fault = this.judge(error)
    const verdict = this.#ask({ error }, durationMs) ?? verdictOf(fault.kind)
    if (fault.kind === 'misconfigured') this.#misconfiguration.report(fault)
    if (verdict === 'success') permit.success()
    else if (verdict === 'ignored') permit.ignore()
    else permit.failure(fault, { type: typeOf(fault), holdMs: this.holdMs(fault) })
  }

  #ask(outcome: Outcome, durationMs: number): Verdict | undefined {
    return askClassify(this.#options.classify, outcome, durationMs, 'slack')
  }
}

/** What a failure is counted under: the status as the other adapters have it, or the code. */
function typeOf({ status, reason }: SlackCallError): string {
  return status === undefined ? reason : String(status)
}

function withRejector(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise
  })
  return { promise, reject }
}

import { CircuitTimeoutError, isCircuitOpenError, type Outcome, type Permit, type Verdict } from '@switchgear/core'
import { HttpStatusError, isFailureStatus } from '../http/http-status-error.ts'
import { judgeNetworkError } from '../http/judge-network-error.ts'
import { readRetryAfter } from '../http/retry-after.ts'
import { type BodyObserver, watchBody } from './body-watch.ts'
import type { FetchConfig } from './options.ts'

/** One request and what comes of it: settles its permit, by the response's headers or by the end of its body. */
export class Exchange implements BodyObserver {
  readonly #permit: Permit
  readonly #config: FetchConfig
  readonly #signal: AbortSignal | null | undefined
  readonly #startedAt: number

  constructor(permit: Permit, config: FetchConfig, signal: AbortSignal | null | undefined) {
    this.#permit = permit
    this.#config = config
    this.#signal = signal
    this.#startedAt = config.clock.now()
  }

  get probe(): boolean {
    return this.#permit.probe
  }

  /** The headers have come. */
  answered(response: Response): void {
    try {
      this.#settleByStatus(response)
    } catch {
      // What a test has put in the place of a response may be anything. Something has come, and it is the caller's.
      this.#permit.success()
    }
  }

  /** No headers have come. */
  failed(error: unknown): void {
    this.#settleByError(error, () => this.#judge({ error }, 'ignored'))
  }

  bodyEnded(): void {
    this.#permit.success()
  }

  /** An error that is none of the network, such as that a body is no JSON, leaves it at what the headers said. */
  bodyFailed(error: unknown): void {
    this.#settleByError(error, () => 'success')
  }

  #settleByStatus(response: Response): void {
    const { status } = response
    const verdict = this.#judge({ value: response }, isFailureStatus(status) ? 'failure' : 'success')
    if (verdict === 'success') watchBody(response, this)
    else if (verdict === 'ignored') this.#permit.ignore()
    else {
      const retryAfterMs = this.#retryAfterMs(response)
      // The breaker need not do all that a service asks for.
      const holdMs = Math.min(retryAfterMs ?? 0, this.#config.maxRetryAfterMs)
      this.#permit.failure(new HttpStatusError(status, retryAfterMs), { type: String(status), holdMs })
    }
  }

  #settleByError(error: unknown, otherwise: () => Verdict): void {
    const network = judgeNetworkError(error)
    let verdict: Verdict
    if (this.#signal?.aborted) {
      // Whatever shape the abort has taken on its way.
      verdict = isTimeout(this.#signal.reason) ? this.#judge({ error }, this.#config.callerTimeout) : 'ignored'
    } else if (isCircuitOpenError(error)) {
      // Of another breaker, further in: this request was not made.
      verdict = 'ignored'
    } else if (isTimeout(error)) {
      verdict = this.#judge({ error }, 'failure')
    } else {
      verdict = network === undefined ? otherwise() : this.#judge({ error }, network.verdict)
    }
    if (verdict === 'success') this.#permit.success()
    else if (verdict === 'ignored') this.#permit.ignore()
    else this.#permit.failure(error, network && { type: network.type })
  }

  /** What the caller's `classify` says, if it says anything. */
  #judge(outcome: Outcome, byDefault: Verdict): Verdict {
    const { classify, clock } = this.#config
    if (classify === undefined) return byDefault
    try {
      const verdict: unknown = classify(outcome, clock.now() - this.#startedAt)
      if (verdict === undefined) return byDefault
      if (verdict === 'success' || verdict === 'failure' || verdict === 'ignored') return verdict
      // An async function given by mistake: its rejection would end the process.
      if (verdict instanceof Promise) verdict.catch(() => {})
      warnOnce(classify, 'gave no verdict (success, failure, ignored or undefined)')
    } catch {
      warnOnce(classify, 'threw')
    }
    return 'failure'
  }

  #retryAfterMs({ status, headers }: { status: number; headers?: Headers }): number | undefined {
    if ((status !== 429 && status !== 503) || headers === undefined) return undefined
    const { clock } = this.#config
    return readRetryAfter(headers, () => clock.wallNow?.() ?? Date.now())
  }
}

/** A time limit that has passed: that of `timeoutMs`, or one set by `AbortSignal.timeout`. */
function isTimeout(reason: unknown): boolean {
  try {
    return reason instanceof CircuitTimeoutError || (reason instanceof Error && reason.name === 'TimeoutError')
  } catch {
    // A hostile Proxy.
    return false
  }
}

const reported = new WeakSet()

function warnOnce(classify: object, what: string): void {
  if (reported.has(classify)) return
  reported.add(classify)
  console.warn(`switchgear: breakerFetch: classify ${what}; counted as failure`)
}

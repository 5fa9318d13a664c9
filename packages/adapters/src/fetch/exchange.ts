import { isCircuitOpenError, type Outcome, type Permit, type Verdict } from '@switchgear/core'
import { askClassify } from '../http/ask-classify.ts'
import { HttpStatusError, isFailureStatus } from '../http/http-status-error.ts'
import { isTimeout } from '../http/is-timeout.ts'
import { judgeNetworkError } from '../http/judge-network-error.ts'
import { readRetryAfter } from '../http/retry-after.ts'
import { type BodyObserver, watchBody } from './body-watch.ts'
import type { CallConfig } from './options.ts'

/** One request and what comes of it: settles its permit, by the response's headers or by the end of its body. */
export class Exchange implements BodyObserver {
  readonly #permit: Permit
  readonly #config: CallConfig
  readonly #signal: AbortSignal | null | undefined
  readonly #startedAt: number
  /** What has come of it, as far as the headers say. */
  verdict: Verdict = 'ignored'
  readonly bodyEnded: () => void
  /** That of a response which is a failure. */
  status: number | undefined
  /** For how many ms it asked to be left alone. */
  retryAfterMs: number | undefined

  constructor(permit: Permit, config: CallConfig, signal: AbortSignal | null | undefined) {
    this.#permit = permit
    this.#config = config
    this.#signal = signal
    this.#startedAt = config.clock.now()
    this.bodyEnded = successOf(permit)
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
      this.verdict = 'success'
      this.#permit.success()
    }
  }

  /** No headers have come. */
  failed(error: unknown): void {
    this.verdict = this.#settleByError(error, () => this.#judge({ error }, 'ignored'))
  }

  /** An error that is none of the network, such as that a body is no JSON, leaves it at what the headers said. */
  bodyFailed(error: unknown): void {
    this.#settleByError(error, () => 'success')
  }

  #settleByStatus(response: Response): void {
    const { status } = response
    this.verdict = this.#judge({ value: response }, isFailureStatus(status) ? 'failure' : 'success')
    if (this.verdict === 'success') watchBody(response, this)
    else if (this.verdict === 'ignored') this.#permit.ignore()
    else this.#fail(response)
  }

  #fail({ status, headers }: { status: number; headers?: Headers }): void {
    const { clock, maxRetryAfterMs } = this.#config
    this.status = status
    this.retryAfterMs = headers && readRetryAfter(headers, () => clock.wallNow())
    const error = new HttpStatusError(status, this.retryAfterMs)
    const isAsked = status === 429 || status === 503
    // The breaker need not do all that a service asks for.
    const holdMs = isAsked ? Math.min(this.retryAfterMs ?? 0, maxRetryAfterMs) : 0
    this.#permit.failure(error, { type: String(status), holdMs })
  }

  #settleByError(error: unknown, otherwise: () => Verdict): Verdict {
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
    return verdict
  }

  /** What the caller's `classify` says, if it says anything. */
  #judge(outcome: Outcome, byDefault: Verdict): Verdict {
    const { classify, clock } = this.#config
    return askClassify(classify, outcome, clock.now() - this.#startedAt, 'breakerFetch') ?? byDefault
  }
}

function successOf(permit: Permit): () => void {
  return () => permit.success()
}

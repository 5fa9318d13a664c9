import { isCircuitOpenError, type Outcome, type Permit, type Verdict } from '@switchgear/core'
import { askClassify } from '../http/ask-classify.ts'
import { headerFieldsOf, type HeaderRecord } from '../http/header-fields.ts'
import { HttpStatusError, isFailureStatus } from '../http/http-status-error.ts'
import { isTimeout } from '../http/is-timeout.ts'
import { judgeNetworkError } from '../http/judge-network-error.ts'
import { readRetryAfter } from '../http/retry-after.ts'
import type { DispatchedResponse, RequestConfig } from './options.ts'

/** Who can have given a request up, and why. */
interface Abortable {
  readonly aborted?: boolean
  readonly reason?: unknown
}

/** One request and what comes of it: settles its permit, by the response's headers or by the end of its body. */
export class Exchange {
  readonly config: RequestConfig
  readonly #permit: Permit
  readonly #signal: Abortable
  readonly #startedAt: number
  /** The headers were good, and the body is on its way. */
  #isAnswered = false

  constructor(permit: Permit, config: RequestConfig, signal: unknown) {
    this.#permit = permit
    this.config = config
    this.#signal = signal ?? {}
    this.#startedAt = config.clock.now()
  }

  /** Runs what sends the request, with the call's telemetry active. */
  run<T>(send: () => T): T {
    return this.#permit.run(send)
  }

  /** The headers have come. */
  answered(statusCode: number, headers: DispatchedResponse['headers']): void {
    const verdict =
      this.#ask({ value: { statusCode, headers } satisfies DispatchedResponse }) ??
      (isFailureStatus(statusCode) ? 'failure' : 'success')
    if (verdict === 'failure') this.#failByType(String(statusCode), headers)
    else if (verdict === 'ignored') this.#permit.ignore()
    // A body without a length may be a stream, which may last longer than a probe may hold its place.
    else if (this.#permit.probe && headers['content-length'] === undefined) this.#permit.success()
    else this.#isAnswered = true
  }

  /** The caller reads no further for now. That may last, too. */
  paused(): void {
    if (this.#permit.probe) this.ended()
  }

  /** There is no more to come, as far as the service is concerned. */
  ended(): void {
    if (this.#isAnswered) this.#permit.success()
  }

  /** What failed before there were headers, or in the middle of the body. */
  failed(error: unknown, controller?: Abortable | null): void {
    const network = judgeNetworkError(error)
    const verdict = this.#verdictOn(error, network?.verdict, controller ?? {})
    if (verdict === 'success') this.#permit.success()
    else if (verdict === 'ignored') this.#permit.ignore()
    else if (network === undefined) this.#permit.failure(error)
    else this.#failByType(network.type, headersOf(error), error)
  }

  /** `error` stands for the response, where there is one that does. */
  #failByType(type: string, headers: HeaderRecord | undefined, error?: unknown): void {
    const { clock, maxRetryAfterMs } = this.config
    const retryAfterMs = readRetryAfter(headerFieldsOf(headers), () => clock.wallNow())
    const isAsked = type === '429' || type === '503'
    // The breaker need not do all that a service asks for.
    const holdMs = isAsked ? Math.min(retryAfterMs ?? 0, maxRetryAfterMs) : 0
    this.#permit.failure(error ?? new HttpStatusError(Number(type), retryAfterMs), { type, holdMs })
  }

  #verdictOn(error: unknown, network: Verdict | undefined, controller: Abortable): Verdict {
    const signal = this.#signal
    const byDefault = this.#isAnswered ? 'success' : 'ignored'
    if (signal.aborted || controller.aborted) {
      // Whatever shape the abort has taken on its way.
      const { reason } = signal.aborted ? signal : controller
      if (isTimeout(reason)) return this.#ask({ error }) ?? this.config.callerTimeout
      // A body that nobody wants to the end is destroyed, without a signal: the headers decide.
      return signal.aborted ? 'ignored' : byDefault
    }
    // Of another breaker, further in: this request was not made.
    if (isCircuitOpenError(error)) return 'ignored'
    if (isTimeout(error)) return this.#ask({ error }) ?? 'failure'
    return this.#ask({ error }) ?? network ?? byDefault
  }

  /** What the caller's `classify` says, if it says anything. */
  #ask(outcome: Outcome): Verdict | undefined {
    const { classify, clock } = this.config
    return askClassify(classify, outcome, clock.now() - this.#startedAt, 'breakerInterceptor')
  }
}

/** The headers of the response that an error of undici stands for. */
function headersOf(error: unknown): HeaderRecord | undefined {
  try {
    return (error as { headers?: HeaderRecord }).headers
  } catch {
    // A hostile Proxy.
    return undefined
  }
}

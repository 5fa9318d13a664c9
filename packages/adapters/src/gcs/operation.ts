import { type CircuitBreaker, CircuitTimeoutError, type Outcome, type Permit, type Verdict } from '@switchgear/core'
import { askClassify } from '../http/ask-classify.ts'
import { isTimeout } from '../http/is-timeout.ts'
import { classifyGcs, judgeGcsError } from './classify-gcs.ts'
import { TurnTimer } from './turn-timer.ts'

/** What a guard goes by. */
export interface GuardSettings {
  readonly breaker: CircuitBreaker
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** How a stream of the client ended badly. */
export interface StreamFault {
  readonly error: unknown
  /** The client gave up; false when whoever uses the stream destroyed it. */
  readonly byClient: boolean
  /** Only the service can have been the cause, though the error does not say so. */
  readonly ofService: boolean
}

/** Something that the client is doing and that can be broken off. */
interface Breakable {
  destroy(error?: unknown): unknown
}

/**
 * One logical operation of the client, from its admission to its end: holds its permit, keeps the time, and settles by
 * whatever ends it first.
 */
export class Operation {
  readonly #breaker: CircuitBreaker
  readonly #permit: Permit
  readonly #timer: TurnTimer
  readonly #signal: AbortSignal | undefined
  readonly #startedAt: number
  readonly #onCut: (error: unknown) => void
  readonly #streams: Breakable[] = []
  #fault: StreamFault | undefined
  #isOver = false

  /**
   * @param onCut is told when the operation is cut off by its time limit or by the caller's signal
   * @throws {CircuitOpenError} when it is not admitted; or the reason of a signal that is aborted
   */
  constructor({ breaker, timeoutMs, signal }: GuardSettings, onCut: (error: unknown) => void) {
    signal?.throwIfAborted()
    this.#breaker = breaker
    this.#permit = breaker.acquire()
    // A listener that heard of the admission may have aborted.
    if (signal?.aborted) this.#permit.ignore()
    signal?.throwIfAborted()
    const { clock } = breaker.callOptions
    this.#startedAt = clock.now()
    this.#timer = new TurnTimer(clock, timeoutMs, () => this.#cutOff(new CircuitTimeoutError(breaker.name, timeoutMs)))
    this.#signal = signal
    this.#onCut = onCut
    signal?.addEventListener('abort', this.#abort)
  }

  /** Runs what begins the operation, with its telemetry active. */
  run<T>(fn: () => T): T {
    return this.#permit.run(fn)
  }

  /** A stream that is a part of the operation, to be destroyed when it is cut off. */
  includes(stream: Breakable): void {
    this.#streams.push(stream)
  }

  /** It is the service's turn: it has to answer, to send or to take something, within the time limit. */
  waitForService(): void {
    if (!this.#isOver) this.#timer.start()
  }

  /** It is the caller's turn, who may take as long as it likes. */
  waitForCaller(): void {
    this.#timer.stop()
  }

  /** Something has moved. */
  progressed(): void {
    this.#timer.restart()
  }

  /**
   * The service has begun to answer, and well. In half_open that has to do: a transfer may last longer than a probe may
   * hold its place.
   */
  answered(): void {
    if (this.#permit.probe) this.#permit.success()
  }

  /** A stream of the operation has ended badly, which is not the end of the operation yet. */
  faulted(fault: StreamFault): void {
    this.#fault = fault
  }

  succeeded(value: unknown): void {
    if (this.#isOver) return
    this.#end()
    this.#settle(this.#ask({ value }) ?? 'success', undefined, 'value')
  }

  failed(error: unknown): void {
    if (this.#isOver) return
    this.#end()
    const fault = this.#fault?.error === error ? this.#fault : undefined
    if (fault?.byClient === false) return this.#permit.ignore()
    const judged = judgeGcsError(error) ?? (fault?.ofService ? { verdict: 'failure', type: 'upload_lost' } : undefined)
    this.#settle(this.#ask({ error }) ?? judged?.verdict ?? 'ignored', error, judged?.type)
  }

  /** The caller does not want it any more. */
  ignored(): void {
    if (this.#isOver) return
    this.#end()
    this.#permit.ignore()
  }

  readonly #abort = (): void => this.#cutOff(this.#signal?.reason)

  #cutOff(error: unknown): void {
    this.#end()
    // A deadline of the caller says that the service was slow, not that the caller left.
    if (isTimeout(error)) this.#settle(this.#ask({ error }) ?? 'failure', error)
    else this.#permit.ignore()
    for (const stream of this.#streams) stream.destroy(error)
    this.#onCut(error)
  }

  #end(): void {
    this.#isOver = true
    this.#timer.stop()
    this.#signal?.removeEventListener('abort', this.#abort)
  }

  #settle(verdict: Verdict, error: unknown, type?: string): void {
    if (verdict === 'success') this.#permit.success()
    else if (verdict === 'ignored') this.#permit.ignore()
    else this.#permit.failure(error, type === undefined ? undefined : { type })
  }

  /** What the breaker's own `classify` says, if it says anything. */
  #ask(outcome: Outcome): Verdict | undefined {
    const { classify, clock } = this.#breaker.callOptions
    // It would say the same, with less to go by.
    if (classify === undefined || classify === classifyGcs) return undefined
    return askClassify(classify, outcome, clock.now() - this.#startedAt, 'guard of Cloud Storage')
  }
}

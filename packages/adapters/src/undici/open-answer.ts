import type { CircuitOpenError } from '@switchgear/core'
import type { Dispatcher } from 'undici'
import { openProblem } from '../http/open-problem.ts'

/**
 * Answers a request that was not sent, with a 503 problem document. It is told as undici tells what comes from the network,
 * and waits while the caller wants no more for now.
 */
export class OpenAnswer implements Dispatcher.DispatchController {
  readonly rawHeaders: string[]
  readonly rawTrailers: string[] = []
  paused = false
  aborted = false
  reason: Error | null = null
  readonly #handler: Dispatcher.DispatchHandler
  readonly #steps: (() => void)[]
  #isTelling = false

  constructor(handler: Dispatcher.DispatchHandler, error: CircuitOpenError, method: string) {
    const { status, statusText, headers, body } = openProblem(error)
    this.rawHeaders = Object.entries(headers).flat()
    this.#handler = handler
    this.#steps = [
      () => handler.onRequestStart?.(this, null),
      () => handler.onResponseStart?.(this, status, { ...headers }, statusText),
      () => method !== 'HEAD' && handler.onResponseData?.(this, Buffer.from(body)),
      () => handler.onResponseEnd?.(this, {}),
    ]
  }

  pause(): void {
    this.paused = true
  }

  /** Begins, or goes on. */
  resume(): void {
    this.paused = false
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      while (!this.paused) {
        const step = this.#steps.shift()
        if (step === undefined) break
        step()
      }
    } catch (error) {
      // As undici does with what a handler throws: that is no abort.
      this.#end(error as Error)
    } finally {
      this.#isTelling = false
    }
  }

  abort(reason: Error): void {
    if (this.#steps.length === 0) return
    this.aborted = true
    this.reason = reason
    this.#end(reason)
  }

  #end(error: Error): void {
    this.#steps.length = 0
    this.#handler.onResponseError?.(this, error)
  }
}

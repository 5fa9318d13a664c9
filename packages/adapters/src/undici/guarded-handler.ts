import { CircuitTimeoutError, type Timer } from '@switchgear/core'
import type { Dispatcher } from 'undici'
import type { Exchange } from './exchange.ts'

type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController

// What undici looks for, and calls or not, by whether it is there.
const optional = [
  'onRequestUpgrade',
  'onResponseStart',
  'onResponseData',
  'onResponseEnd',
  'onResponseError',
  'onResponseStarted',
  'onBodySent',
  'onRequestSent',
] as const

/** Passes everything on to a handler, just as it comes, and tells the exchange what came. Ends what takes too long. */
export class GuardedHandler implements Handler {
  readonly #handler: Handler
  readonly #exchange: Exchange
  #timer: Pick<Timer, 'cancel'> | undefined
  #controller: Controller | undefined
  /** The error that the handler was told when the time was over. It is told nothing after that. */
  #expired: CircuitTimeoutError | undefined

  constructor(handler: Handler, exchange: Exchange) {
    this.#handler = handler
    this.#exchange = exchange
    for (const name of optional) if (handler[name] === undefined) Object.assign(this, { [name]: undefined })
  }

  /** Dispatches the request, to be answered to this handler. */
  send(dispatch: Dispatcher.Dispatch, request: Dispatcher.DispatchOptions): boolean {
    this.#startTimer()
    try {
      return this.#exchange.run(() => dispatch(request, this))
    } catch (error) {
      this.#timer?.cancel()
      this.#exchange.failed(error)
      throw error
    }
  }

  onRequestStart(controller: Controller, context: unknown): void {
    if (this.#expired !== undefined) return controller.abort(this.#expired)
    this.#controller = controller
    this.#handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(...upgrade: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    const [, statusCode, headers, socket] = upgrade
    if (this.#expired !== undefined) return void socket.destroy()
    this.#timer?.cancel()
    this.#exchange.answered(statusCode, headers)
    // What becomes of the socket is between those who speak through it.
    this.#exchange.ended()
    this.#handler.onRequestUpgrade?.(...upgrade)
  }

  onResponseStart(...start: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    if (this.#expired !== undefined) return
    const [, statusCode, headers] = start
    // 1xx come before the answer.
    if (statusCode >= 200) {
      this.#timer?.cancel()
      this.#exchange.answered(statusCode, headers)
    }
    this.#pass(() => this.#handler.onResponseStart?.(...start))
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#expired !== undefined) return
    this.#pass(() => this.#handler.onResponseData?.(controller, chunk))
    if (controller.paused) this.#exchange.paused()
  }

  onResponseEnd(controller: Controller, trailers: Parameters<NonNullable<Handler['onResponseEnd']>>[1]): void {
    if (this.#expired !== undefined) return
    this.#exchange.ended()
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller, error: Error): void {
    if (this.#expired !== undefined) return
    this.#timer?.cancel()
    this.#exchange.failed(error, controller)
    this.#handler.onResponseError?.(controller, error)
  }

  onResponseStarted(): void {
    if (this.#expired === undefined) this.#handler.onResponseStarted?.()
  }

  onBodySent(...sent: Parameters<NonNullable<Handler['onBodySent']>>): void {
    if (this.#expired === undefined) this.#handler.onBodySent?.(...sent)
  }

  onRequestSent(): void {
    if (this.#expired === undefined) this.#handler.onRequestSent?.()
  }

  /** What the handler itself throws says nothing of the service: by the headers, all was well. */
  #pass(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#exchange.ended()
      throw error
    }
  }

  #startTimer(): void {
    const { timeoutMs, clock, breakerName } = this.#exchange.config
    if (timeoutMs === Number.POSITIVE_INFINITY) return
    this.#timer = clock.setTimer(() => this.#expire(new CircuitTimeoutError(breakerName, timeoutMs)), timeoutMs)
  }

  #expire(error: CircuitTimeoutError): void {
    this.#expired = error
    this.#exchange.failed(error)
    // Without one it still waits for a connection, and is aborted when it gets it.
    this.#controller?.abort(error)
    this.#handler.onResponseError?.(this.#controller ?? (null as never), error)
  }
}

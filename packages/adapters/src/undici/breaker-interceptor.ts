import { CircuitBreakerConfigError, type CircuitOpenError, findCircuitOpenError } from '@switchgear/core'
import type { Dispatcher } from 'undici'
import { Exchange } from './exchange.ts'
import { GuardedHandler } from './guarded-handler.ts'
import { OpenAnswer } from './open-answer.ts'
import {
  type BreakerInterceptorOptions,
  type InterceptorConfig,
  resolveInterceptorOptions,
  resolveRequest,
} from './options.ts'

/** Dispatches a request, as any version of undici does. */
type AnyDispatch = (request: never, handler: never) => boolean

/** An interceptor, as `compose()` of undici 7 and 8 takes it. */
export type BreakerInterceptor = <Dispatch extends AnyDispatch>(dispatch: Dispatch) => Dispatch

type Request = Dispatcher.DispatchOptions & { readonly signal?: unknown }

/**
 * An interceptor for `dispatcher.compose(…)` that sends each request through a circuit breaker, one for each origin. Works
 * with undici 7 and 8, anywhere among other interceptors, and under Node's own `fetch` by `setGlobalDispatcher`.
 *
 * Failures are network errors, time limits that pass, 5xx, 408, 429, and bodies that break off. The caller's own abort and
 * mistakes count as nothing. While a breaker is open, requests fail with a `CircuitOpenError` before anything of them is
 * sent; `fetch` has it as the `cause` of its error.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function breakerInterceptor(options: BreakerInterceptorOptions = {}): BreakerInterceptor {
  const config = resolveInterceptorOptions(options)
  const intercept = (dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch => {
    // With two parameters: undici counts them.
    return (request: Request, handler) => {
      refuseOldHandler(handler)
      if (isAborted(request.signal)) return fail(handler, request.signal.reason)
      let exchange
      try {
        exchange = admit(config, request)
      } catch (error) {
        const rejection = config.onOpen === 'respond' && canRespond(request) && findCircuitOpenError(error)
        return rejection ? respond(handler, rejection, request) : fail(handler, error)
      }
      if (exchange === undefined) return dispatch(request, handler)
      return new GuardedHandler(handler, exchange).send(dispatch, request)
    }
  }
  return intercept as BreakerInterceptor
}

/** Undefined for a request that goes past all breakers. */
function admit(config: InterceptorConfig, request: Request): Exchange | undefined {
  const url = urlOf(request.origin ?? config.origin)
  const key = url && config.key(url, request)
  if (key === undefined) return undefined
  const breaker = config.breakers.for(key)
  return new Exchange(breaker.acquire(), resolveRequest(config, breaker), request.signal)
}

/** Undefined for what is no URL: undici itself then says what is wrong. */
function urlOf(origin: string | URL | undefined): URL | undefined {
  if (origin === undefined) {
    const allowed = "the service's URL, where requests do not name it: those of a Client or a Pool of undici 7"
    throw new CircuitBreakerConfigError('origin', origin, allowed)
  }
  if (typeof origin !== 'string') return origin
  try {
    return new URL(origin)
  } catch {
    return undefined
  }
}

// Handlers expect to be told after `dispatch` has returned; and that is `true`, as there is no drain to wait for.

function fail(handler: Dispatcher.DispatchHandler, error: unknown): boolean {
  if (handler.onResponseError === undefined) throw error
  // There is no controller for what was not begun; undici gives null, too.
  queueMicrotask(() => handler.onResponseError?.(null as never, error as Error))
  return true
}

function respond(handler: Dispatcher.DispatchHandler, error: CircuitOpenError, { method }: Request): boolean {
  queueMicrotask(() => new OpenAnswer(handler, error, method).resume())
  return true
}

/** What asks for another protocol, or for a tunnel, can use no response. */
function canRespond({ method, upgrade }: Request): boolean {
  return method !== 'CONNECT' && !upgrade
}

/** An `AbortSignal`, or an emitter that is like one. */
function isAborted(signal: unknown): signal is { reason: unknown } {
  const { aborted, reason } = (signal ?? {}) as { aborted?: unknown; reason?: unknown }
  return aborted === true && reason !== undefined
}

// undici 8 would call nothing of it: the caller would wait for ever.
function refuseOldHandler(handler: Dispatcher.DispatchHandler): void {
  if (typeof handler?.onRequestStart === 'function') return
  throw new TypeError(
    'breakerInterceptor: a handler without onRequestStart, such as that of the fetch built into Node 22 and 24; do not ' +
      'give that fetch a dispatcher of undici 8: call setGlobalDispatcher(dispatcher), or use the fetch of the package undici',
  )
}

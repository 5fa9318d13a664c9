// What an interceptor and a handler say to each other, without a network.
import { PassThrough } from 'node:stream'
import { type CallObserver, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { breakerInterceptor, type BreakerInterceptorOptions } from '@switchgear/adapters/undici'
import type { Dispatcher } from 'undici'
import { expect, test } from 'vitest'

type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController

const request = { origin: 'https://service.test', path: '/', method: 'GET' } as const

/** An interceptor around a dispatch that does nothing but remember what it was given. */
function guardNothing(options: BreakerInterceptorOptions = {}) {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock })
  const dispatched: Required<Handler>[] = []
  const dispatch = breakerInterceptor({ registry, ...options })((
    _options: Dispatcher.DispatchOptions,
    handler: Handler,
  ) => {
    dispatched.push(handler as Required<Handler>)
    return true
  })
  return { clock, registry, dispatch, dispatched, breaker: registry.keyed('undici').for(request.origin) }
}

/** A handler that writes down what it is told, and may answer. */
function noteDown(answers: Partial<Record<keyof Handler, (controller: Controller) => void>> = {}) {
  const told: string[] = []
  const controllers: Controller[] = []
  const note =
    (name: keyof Handler) =>
    (controller: unknown): void => {
      controllers.push(controller as Controller)
      told.push(name)
      answers[name]?.(controller as Controller)
    }
  const names = ['onRequestStart', 'onRequestUpgrade', 'onResponseStart', 'onResponseData', 'onResponseEnd'] as const
  const others = ['onResponseError', 'onResponseStarted', 'onBodySent', 'onRequestSent'] as const
  const handler = Object.fromEntries([...names, ...others].map((name) => [name, note(name)])) as Handler
  return { told, controllers, handler }
}

function fakeController(): Controller & { readonly abortedBy: unknown[] } {
  const abortedBy: unknown[] = []
  return {
    aborted: false,
    paused: false,
    reason: null,
    abortedBy,
    abort: (reason) => void abortedBy.push(reason),
    pause() {},
    resume() {},
  }
}

test('all that comes is passed on, in its order', () => {
  const { dispatch, dispatched } = guardNothing()
  const { told, handler } = noteDown()
  dispatch(request, handler)
  const [guarded] = dispatched
  const controller = fakeController()
  guarded?.onRequestStart(controller, null)
  guarded?.onBodySent(Buffer.from('pay 5'))
  guarded?.onRequestSent()
  guarded?.onResponseStarted()
  guarded?.onResponseStart(controller, 200, {}, 'OK')
  guarded?.onResponseData(controller, Buffer.from('ok'))
  guarded?.onResponseEnd(controller, {})
  expect(told).toEqual([
    'onRequestStart',
    'onBodySent',
    'onRequestSent',
    'onResponseStarted',
    'onResponseStart',
    'onResponseData',
    'onResponseEnd',
  ])
})

test('what does not heed that the time is over is told so, and not heard', () => {
  const { clock, dispatch, dispatched, breaker } = guardNothing({ timeoutMs: 1_000 })
  const { told, handler } = noteDown()
  dispatch(request, handler)
  clock.advance(1_000)
  const [guarded] = dispatched
  const controller = fakeController()
  const socket = new PassThrough()
  guarded?.onRequestStart(controller, null)
  guarded?.onBodySent(Buffer.from('pay 5'))
  guarded?.onRequestSent()
  guarded?.onResponseStarted()
  guarded?.onResponseStart(controller, 200, {}, 'OK')
  guarded?.onResponseData(controller, Buffer.from('ok'))
  guarded?.onResponseEnd(controller, {})
  guarded?.onRequestUpgrade(controller, 101, {}, socket)
  guarded?.onResponseError(controller, new Error('late'))
  expect(told).toEqual(['onResponseError'])
  expect(controller.abortedBy).toMatchObject([{ code: 'ERR_CIRCUIT_TIMEOUT' }])
  expect(socket.destroyed).toBe(true)
  expect(breaker.status().totals).toMatchObject({ failure: 1, success: 0, active: 0 })
})

test('a rejection that a handler cannot be told of is thrown', () => {
  const { dispatch, breaker } = guardNothing()
  breaker.trip({ reason: 'test' })
  expect(() => dispatch(request, { onRequestStart: () => {} })).toThrow(/rejected the call/)
})

test('a request is dispatched inside the observation of its call', () => {
  const { registry, dispatch, dispatched } = guardNothing()
  const seen: unknown[] = []
  const observer: CallObserver = {
    callAdmitted: (_breaker, _state, _probe, key) => ({
      run(send) {
        seen.push(key, dispatched.length)
        const sent = send()
        seen.push(dispatched.length)
        return sent
      },
      end: (verdict) => void seen.push(verdict),
    }),
    traceId: () => undefined,
  }
  registry.observe(observer)
  dispatch(request, noteDown().handler)
  dispatched[0]?.onResponseError(fakeController(), Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  expect(seen).toEqual([request.origin, 0, 1, 'failure'])
})

test('256 origins have a breaker of their own', () => {
  let key = 0
  const { registry, dispatch } = guardNothing({ key: () => String(key++) })
  using _heard = registry.on('warning', () => {})
  for (let i = 0; i < 300; i++) dispatch(request, noteDown().handler)
  expect(registry.keyed('undici').size).toBe(256)
})

test('an answer while open waits while its reader is paused', async () => {
  const { dispatch, breaker } = guardNothing({ onOpen: 'respond' })
  const { told, controllers, handler } = noteDown({ onResponseStart: (controller) => controller.pause() })
  breaker.trip({ reason: 'test' })
  dispatch(request, handler)
  await Promise.resolve()
  expect(told).toEqual(['onRequestStart', 'onResponseStart'])
  controllers[0]?.resume()
  expect(told).toEqual(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'])
})

test('an answer while open tells one thing after the other, whenever its reader resumes', async () => {
  const { dispatch, breaker } = guardNothing({ onOpen: 'respond' })
  const { told, handler } = noteDown({
    onResponseStart(controller) {
      controller.resume()
      told.push('the end of onResponseStart')
    },
  })
  breaker.trip({ reason: 'test' })
  dispatch(request, handler)
  await Promise.resolve()
  expect(told.slice(1)).toEqual(['onResponseStart', 'the end of onResponseStart', 'onResponseData', 'onResponseEnd'])
})

test('an answer while open that is aborted ends with the reason, and one that is over does not', async () => {
  const { dispatch, breaker } = guardNothing({ onOpen: 'respond' })
  breaker.trip({ reason: 'test' })
  const reason = new Error('enough')
  const aborted = noteDown({ onRequestStart: (controller) => controller.abort(reason) })
  dispatch(request, aborted.handler)
  const whole = noteDown()
  dispatch(request, whole.handler)
  await Promise.resolve()
  whole.controllers[0]?.abort(reason)
  expect(aborted.told).toEqual(['onRequestStart', 'onResponseError'])
  expect(aborted.controllers[0]).toMatchObject({ aborted: true, reason })
  expect(whole.told).toEqual(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'])
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { breakerInterceptor } from '@switchgear/adapters/undici'
import { answer, OpenBody } from '@switchgear/testkit'
import type { Dispatcher } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, versions } from './guard.ts'

const success = { success: 1, failure: 0, ignored: 0, active: 0 }

describe.each(versions)('%s:', (version, undici) => {
  test('request gives status, headers, trailers and body', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    server.always((_request, response) => {
      response.writeHead(201, 'Made', { trailer: 'x-sum', 'x-a': '1' })
      response.write('o')
      response.addTrailers({ 'x-sum': '42' })
      response.end('k')
    })
    const { statusCode, headers, trailers, body } = await dispatcher.request({
      origin: server.url,
      path: '/',
      method: 'GET',
    })
    expect([statusCode, headers['x-a'], await body.text(), trailers]).toEqual([201, '1', 'ok', { 'x-sum': '42' }])
    expect(verdicts(breaker)).toEqual(success)
  })

  test('stream writes to the stream it is given, and pipeline pipes', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    server.always((request, response) => void request.pipe(response))
    const written: string[] = []
    const sink = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) })
    await dispatcher.stream({ origin: server.url, path: '/', method: 'PUT', body: 'pay 5' }, () => sink)
    const duplex = dispatcher.pipeline({ origin: server.url, path: '/', method: 'PUT' }, ({ body }) => body)
    duplex.end('pay 6')
    expect([written.join(''), await text(duplex)]).toEqual(['pay 5', 'pay 6'])
    expect(verdicts(breaker)).toEqual({ ...success, success: 2 })
  })

  test('answers before the answer are passed on and count as nothing', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    server.always((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.end('ok')
    })
    const early: number[] = []
    const { body } = await dispatcher.request({
      origin: server.url,
      path: '/',
      method: 'GET',
      onInfo: ({ statusCode }) => void early.push(statusCode),
    })
    await body.text()
    expect(early).toEqual([103])
    expect(verdicts(breaker)).toEqual(success)
  })

  test.each(['HEAD', 'DELETE'] as const)('%s without a body in the answer', async (method) => {
    const { get, server, breaker } = await guard(undici)
    server.always(answer({ status: method === 'HEAD' ? 200 : 204, body: '' }))
    expect((await get({ method })).body).toBe('')
    expect(verdicts(breaker)).toEqual(success)
  })

  test('a reader that does not read holds the service back, and gets everything when it does', async () => {
    const controllers: Dispatcher.DispatchController[] = []
    const keepController: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
      const onRequestStart = handler.onRequestStart?.bind(handler)
      handler.onRequestStart = (...start) => {
        controllers.push(start[0])
        onRequestStart?.(...start)
      }
      return dispatch(options, handler)
    }
    const { dispatcher, server, breaker } = await guard(undici, {}, { inside: [keepController] })
    const size = 1_000_000
    server.always(answer({ body: Buffer.alloc(size) }))
    const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
    while (!controllers[0]?.paused) await nextTurn()
    expect(body.readableLength).toBeLessThan(size)
    expect(verdicts(breaker)).toMatchObject({ active: 1 })
    let received = 0
    for await (const chunk of body) received += (chunk as Buffer).length
    expect(received).toBe(size)
    expect(verdicts(breaker)).toEqual(success)
  })

  test('an upgrade is a success when it is there, whatever becomes of the socket', async () => {
    const { breaker, dispatcher, origin } = await guardUpgrades(undici, (socket) =>
      socket.end('HTTP/1.1 101 OK\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhello'),
    )
    const { socket, headers } = await dispatcher.upgrade({ origin, path: '/', protocol: 'chat' } as never)
    expect(headers).toMatchObject({ upgrade: 'chat' })
    expect(await text(socket)).toBe('hello')
    expect(verdicts(breaker)).toEqual(success)
  })

  test.each([
    [502, { success: 0, failure: 1 }],
    [404, { success: 1, failure: 0 }],
  ])('an upgrade that is answered with %i counts by that', async (status, expected) => {
    const { dispatcher, server, breaker } = await guard(undici)
    server.always(answer({ status, body: '' }))
    await rejection(dispatcher.upgrade({ origin: server.url, path: '/' } as never))
    expect(verdicts(breaker)).toEqual({ ...expected, ignored: 0, active: 0 })
  })

  test.each([
    [200, { success: 1, failure: 0 }],
    [503, { success: 0, failure: 1 }],
  ])('a tunnel that is answered with %i counts by that', async (status, expected) => {
    const { breaker, dispatcher, origin } = await guardUpgrades(undici, (socket) =>
      socket.end(`HTTP/1.1 ${status} So\r\n\r\n`),
    )
    const { statusCode, socket } = await dispatcher.connect({ origin, path: 'service.test:443' })
    socket.destroy()
    expect(statusCode).toBe(status)
    expect(verdicts(breaker)).toEqual({ ...expected, ignored: 0, active: 0 })
  })

  test('what is around sees the same objects on both sides, and the same returned value', async () => {
    const seen: Record<'inside' | 'outside', unknown[]> = { inside: [], outside: [] }
    const watch =
      (side: 'inside' | 'outside'): Dispatcher.DispatcherComposeInterceptor =>
      (dispatch) =>
      (options, handler) => {
        seen[side].push(options)
        const watching: Dispatcher.DispatchHandler = {
          onRequestStart: (...args) => (seen[side].push(...args), handler.onRequestStart?.(...args)),
          onResponseStart: (...args) => (seen[side].push(...args), handler.onResponseStart?.(...args)),
          onResponseData: (...args) => (seen[side].push(...args), handler.onResponseData?.(...args)),
          onResponseEnd: (...args) => (seen[side].push(...args), handler.onResponseEnd?.(...args)),
          onResponseError: (...args) => (seen[side].push(...args), handler.onResponseError?.(...args)),
        }
        const returned = dispatch(options, watching)
        seen[side].push(returned)
        return returned
      }
    const { get } = await guard(undici, {}, { inside: [watch('inside')], outside: [watch('outside')] })
    await get()
    expect(seen.inside.length).toBeGreaterThan(10)
    expect(seen.inside.every((value, index) => Object.is(value, seen.outside[index]))).toBe(true)
  })

  test('a request that undici refuses fails with its error, and says nothing of the service', async () => {
    const { get, breaker } = await guard(undici)
    expect(await rejection(get({ path: 'no path' }))).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
  })

  test('what undici throws, as for a handler that lacks a method, is thrown, and says nothing of the service', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    const options = { origin: server.url, path: '/', method: 'GET' } as const
    const handler = { onRequestStart: () => {}, onResponseStart: () => {} }
    // Version 7 finds out later.
    if (version === 'undici 7') return
    expect(() => dispatcher.dispatch(options, handler)).toThrow(/onResponseError/)
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
  })

  test('an upgrade that nobody would hear of is refused, and not waited for', async () => {
    const { get, breaker } = await guard(undici)
    if (version === 'undici 7') return
    expect(await rejection(get({ upgrade: 'chat' }))).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
  })

  test('a response body that is a stream without end is passed on as it comes', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    const events = new OpenBody({ headers: { 'content-type': 'text/event-stream' } })
    server.always(events.reply)
    const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
    const chunks = body[Symbol.asyncIterator]()
    events.write('data: 1\n\n')
    expect(String((await chunks.next()).value)).toBe('data: 1\n\n')
    expect(verdicts(breaker)).toMatchObject({ active: 1 })
    events.end()
    expect((await chunks.next()).done).toBe(true)
    expect(verdicts(breaker)).toEqual(success)
  })
})

/** A server that does with a connection which asks for another protocol, or for a tunnel, what the test says. */
async function guardUpgrades(undici: (typeof versions)[number][1], reply: (socket: Writable) => void) {
  const server = createServer()
  server.on('upgrade', (_request, socket) => reply(socket))
  server.on('connect', (_request, socket) => reply(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const registry = new CircuitBreakerRegistry()
  const agent = new undici.Agent()
  onTestFinished(() => agent.destroy())
  const dispatcher = agent.compose(breakerInterceptor({ registry }))
  return { dispatcher, origin, breaker: registry.keyed('undici').for(origin) }
}

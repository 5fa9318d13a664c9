import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { CircuitBreakerConfigError, findCircuitOpenError } from '@switchgear/core'
import { answer } from '@switchgear/testkit'
import type { Dispatcher } from 'undici'
import { describe, expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { guard, type Guard, versions } from './guard.ts'

/** The ways to make a request, each up to its error. */
const ways: Record<string, (guarded: Guard) => Promise<unknown>> = {
  request: ({ get }) => get(),
  stream: ({ dispatcher, server }) =>
    dispatcher.stream({ origin: server.url, path: '/', method: 'GET' }, () => new Writable()),
  async pipeline({ dispatcher, server }) {
    const duplex = dispatcher.pipeline({ origin: server.url, path: '/', method: 'POST' }, ({ body }) => body)
    duplex.end('pay 5')
    return text(duplex)
  },
  upgrade: ({ dispatcher, server }) => dispatcher.upgrade({ origin: server.url, path: '/' } as never),
  connect: ({ dispatcher, server }) => dispatcher.connect({ origin: server.url, path: 'service.test:443' }),
  'the fetch of the package': ({ undici, dispatcher, server }) => undici.fetch(server.url, { dispatcher }),
}

describe.each(versions)('%s, while the breaker is open:', (version, undici) => {
  test.each(Object.entries(ways))('%s fails with the rejection, and nothing is sent', async (_way, make) => {
    const guarded = await guard(undici)
    guarded.breaker.trip({ reason: 'test' })
    const error = findCircuitOpenError(await rejection(make(guarded)))
    expect(error).toMatchObject({ reason: 'open', retryAfterMs: 60_000 })
    expect(guarded.server.connections).toBe(0)
    expect(guarded.breaker.status().rejections).toMatchObject({ open: 1 })
  })

  test('the rejection is the very error of a request, and comes after dispatch has returned true', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    breaker.trip({ reason: 'test' })
    let returned: boolean | undefined
    const told = new Promise((resolve) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => {},
        onResponseError: (controller, error) => resolve([returned, controller, error]),
      }
      returned = dispatcher.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler)
    })
    expect(await told).toEqual([true, null, expect.objectContaining({ code: 'ERR_CIRCUIT_OPEN' })])
  })

  test('the body of a request is not read', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    breaker.trip({ reason: 'test' })
    let reads = 0
    async function* body(): AsyncGenerator<string> {
      reads++
      yield 'pay 5'
    }
    const options = { origin: server.url, path: '/', method: 'PUT', body: body() as never } as const
    await rejection(dispatcher.request(options))
    expect(reads).toBe(0)
  })

  test('a handler of an old kind is told so at once, and not left waiting', async () => {
    const { dispatcher, server } = await guard(undici)
    const told = new Promise((resolve) => {
      const handler = { onConnect: () => {}, onHeaders: () => true, onData: () => true, onComplete: () => {} }
      try {
        dispatcher.dispatch({ origin: server.url, path: '/', method: 'GET' }, {
          ...handler,
          onComplete: () => resolve('complete'),
          onError: resolve,
        } as never)
      } catch (error) {
        resolve(error)
      }
    })
    // Version 7 wraps it itself.
    if (version === 'undici 7') expect(await told).toBe('complete')
    else expect(await told).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/setGlobalDispatcher/) })
  })
})

describe.each(versions)("%s, with onOpen: 'respond':", (_version, undici) => {
  test('a request is answered with a problem document that says when to come again', async () => {
    const { dispatcher, server, breaker } = await guard(undici, { onOpen: 'respond' })
    breaker.trip({ reason: 'test' })
    const { statusCode, headers, body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
    expect(statusCode).toBe(503)
    expect(headers).toEqual({ 'content-type': 'application/problem+json', 'retry-after': '60' })
    expect(await body.json()).toMatchObject({
      status: 503,
      code: 'ERR_CIRCUIT_OPEN',
      breaker: breaker.name,
      reason: 'open',
    })
    expect(server.connections).toBe(0)
  })

  test('so is a fetch', async () => {
    const { dispatcher, server, breaker } = await guard(undici, { onOpen: 'respond' })
    breaker.trip({ reason: 'test' })
    const response = await undici.fetch(server.url, { dispatcher })
    expect([response.status, response.statusText]).toEqual([503, 'Service Unavailable'])
    expect(response.headers.get('retry-after')).toBe('60')
    expect(await response.json()).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
  })

  test('a HEAD has no body', async () => {
    const { get, breaker } = await guard(undici, { onOpen: 'respond' })
    breaker.trip({ reason: 'test' })
    expect(await get({ method: 'HEAD' })).toEqual({ statusCode: 503, body: '' })
  })

  test('a consumer that wants one byte at a time gets all of them', async () => {
    const { dispatcher, server, breaker } = await guard(undici, { onOpen: 'respond' })
    breaker.trip({ reason: 'test' })
    const options = { origin: server.url, path: '/', method: 'GET', highWaterMark: 1 } as const
    const { body } = await dispatcher.request(options)
    expect(JSON.parse(await text(body))).toMatchObject({ status: 503 })
  })

  test('a body that is destroyed ends there', async () => {
    const { dispatcher, server, breaker } = await guard(undici, { onOpen: 'respond' })
    breaker.trip({ reason: 'test' })
    const options = { origin: server.url, path: '/', method: 'GET', highWaterMark: 1 } as const
    const { body } = await dispatcher.request(options)
    const closed = new Promise((resolve) => body.on('close', resolve))
    body.on('error', () => {}).destroy()
    await closed
  })

  test('a retry that is outside tries it again, and gives up with its status', async () => {
    const retry = undici.interceptors.retry({ maxRetries: 1, minTimeout: 1, maxTimeout: 1 })
    const { get, breaker } = await guard(undici, { onOpen: 'respond' }, { outside: [retry] })
    breaker.trip({ reason: 'test' })
    expect(await rejection(get())).toMatchObject({ code: 'UND_ERR_REQ_RETRY', statusCode: 503 })
    expect(breaker.status().rejections).toMatchObject({ open: 2 })
  })

  test.each(['upgrade', 'connect'])('%s fails with the rejection, as a response is of no use to it', async (way) => {
    const guarded = await guard(undici, { onOpen: 'respond' })
    guarded.breaker.trip({ reason: 'test' })
    expect(findCircuitOpenError(await rejection(ways[way]?.(guarded) ?? Promise.resolve()))).toBeDefined()
  })

  test('other errors are not answered', async () => {
    const { get } = await guard(undici, {
      onOpen: 'respond',
      key: () => '',
    })
    expect(await rejection(get())).toBeInstanceOf(CircuitBreakerConfigError)
  })
})

test("Node's own fetch, given a dispatcher of undici 8, says what to do instead", async () => {
  const [, undici8] = versions[0] ?? []
  if (undici8 === undefined) throw new Error('there is no undici 8')
  const { dispatcher, server } = await guard(undici8)
  server.always(answer())
  const error = await rejection(fetch(server.url, { dispatcher } as never))
  expect(error).toMatchObject({ cause: { message: expect.stringMatching(/setGlobalDispatcher/) } })
})

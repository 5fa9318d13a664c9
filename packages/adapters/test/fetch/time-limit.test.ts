import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CircuitTimeoutError } from '@switchgear/core'
import { answer, neverAnswer, OpenBody, resetBeforeHeaders } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { nextTurn } from '../waits.ts'
import { guard, guardWithoutServer } from './guard.ts'

test('aborts a request that has no headers in time, which is a failure', async () => {
  const { server, clock, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  server.always(neverAnswer())
  const call = rejection(fetch(server.url))
  await server.received(1)
  clock.advance(1_999)
  expect(verdicts(breaker).active).toBe(1)
  clock.advance(1)
  const error = await call
  expect(error).toBeInstanceOf(CircuitTimeoutError)
  expect(error).toMatchObject({ breakerName: server.host, timeoutMs: 2_000 })
  expect(breaker.status()).toMatchObject({
    totals: { failure: 1, active: 0 },
    failuresByType: { CircuitTimeoutError: 1 },
  })
  await server.drained()
})

test('works on the time of the platform too', async () => {
  const { server, fetch } = await guard({ timeoutMs: 1, clock: { now: () => performance.now() } })
  server.always(neverAnswer())
  expect(await rejection(fetch(server.url))).toBeInstanceOf(CircuitTimeoutError)
})

test('a body may take longer', async () => {
  const { server, clock, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  const body = new OpenBody()
  server.always(body.reply)
  const reading = (await fetch(server.url)).text()
  clock.advance(60_000)
  body.write('late')
  body.end()
  expect(await reading).toBe('late')
  expect(verdicts(breaker)).toMatchObject({ success: 1, failure: 0 })
})

test('does not wait for a fetch that heeds no signal, and drops what it gives in the end', async () => {
  const late = Promise.withResolvers<Response>()
  const { clock, fetch, breaker } = guardWithoutServer(
    { timeoutMs: 2_000, fetch: () => late.promise },
    'https://service.test',
  )
  const call = rejection(fetch('https://service.test'))
  await Promise.resolve()
  clock.advance(2_000)
  expect(await call).toBeInstanceOf(CircuitTimeoutError)
  const cancelled = new Promise((resolve) => {
    late.resolve(new Response(new ReadableStream({ cancel: resolve })))
  })
  await cancelled
  expect(verdicts(breaker)).toMatchObject({ failure: 1, success: 0 })
})

test('what a fetch that heeds no signal gives after an abort of the caller is given on, and can be read', async () => {
  const answered = Promise.withResolvers<Response>()
  const { fetch } = guardWithoutServer({ timeoutMs: 2_000, fetch: () => answered.promise }, 'https://service.test')
  const controller = new AbortController()
  const call = fetch('https://service.test', { signal: controller.signal })
  await Promise.resolve()
  controller.abort()
  answered.resolve(new Response('ok'))
  expect(await (await call).text()).toBe('ok')
})

test.each<[what: string, double: unknown]>([
  ['nothing', undefined],
  ['a body that is a string', { status: 200, body: '{}' }],
])('a response double with %s reaches the caller', async (_what, double) => {
  const { fetch, breaker } = guardWithoutServer(
    { timeoutMs: 2_000, fetch: () => Promise.resolve(double as Response) },
    'https://service.test',
  )
  expect(await fetch('https://service.test', { signal: new AbortController().signal })).toBe(double)
  expect(verdicts(breaker)).toMatchObject({ success: 1, active: 0 })
})

test('a fetch that throws at once leaves no listener behind', async () => {
  const { fetch } = guardWithoutServer(
    {
      timeoutMs: 2_000,
      fetch: () => {
        throw new Error('no promise')
      },
    },
    'https://service.test',
  )
  const { signal } = new AbortController()
  await rejection(fetch('https://service.test', { signal }))
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test("the caller's abort still reaches the request, before the headers and after", async () => {
  const { server, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  server.next(neverAnswer(), new OpenBody().reply)
  for (const isAnswered of [false, true]) {
    const controller = new AbortController()
    const reason = new Error('the user left')
    const call = fetch(server.url, { signal: controller.signal })
    const outcome = rejection(isAnswered ? call.then((response) => response.text()) : call)
    await (isAnswered ? call : server.received(1))
    controller.abort(reason)
    expect(await outcome).toBe(reason)
  }
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 2, active: 0 })
  await server.drained()
})

test("the caller's abort reaches a stream whose response nobody holds any more", async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const { server, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  server.always(new OpenBody().reply)
  const controller = new AbortController()
  const reason = new Error('the user left')
  const reader = (await fetch(server.url, { signal: controller.signal })).body?.getReader()
  const reading = rejection(reader?.read() ?? Promise.resolve())
  for (let i = 0; i < 5; i++) {
    await nextTurn()
    collectGarbage()
  }
  controller.abort(reason)
  expect(await reading).toBe(reason)
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, active: 0 })
  await server.drained()
})

test("leaves no listener on the caller's signal and no timer behind", async () => {
  const { server, clock, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  const { signal } = new AbortController()
  server.next(answer({ status: 204, body: '' }), resetBeforeHeaders())
  await fetch(server.url, { signal })
  await rejection(fetch(server.url, { signal }))
  expect(getEventListeners(signal, 'abort')).toEqual([])
  for (let i = 0; i < 20; i++) await (await fetch(server.url, { signal })).text()
  // Until its body is collected, a response can be aborted.
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  while (getEventListeners(signal, 'abort').length > 0) {
    await nextTurn()
    collectGarbage()
  }
  expect(clock.timers).toBe(0)
  expect(verdicts(breaker)).toMatchObject({ success: 21 })
})

test('sends all that it is given, also when that is a Request in the place of init', async () => {
  const { server, fetch } = await guard({ timeoutMs: 2_000 })
  const template = new Request('https://elsewhere.test', { method: 'DELETE', headers: { 'x-a': '1' } })
  await fetch(`${server.url}/a`, template)
  await fetch(new Request(`${server.url}/b`, { method: 'PUT', headers: { 'x-a': '2' }, body: 'x' }))
  await fetch(`${server.url}/c`, { method: 'PATCH', headers: { 'x-a': '3' }, body: 'x' })
  expect(server.requests.map(({ method, path, headers }) => [method, path, headers['x-a']])).toEqual([
    ['DELETE', '/a', '1'],
    ['PUT', '/b', '2'],
    ['PATCH', '/c', '3'],
  ])
})

test('a Request keeps its referrer and the policy for it', async () => {
  let sent: Request | undefined
  const { fetch } = guardWithoutServer(
    {
      timeoutMs: 2_000,
      fetch: (...request) => {
        sent = new Request(...request)
        return Promise.resolve(new Response())
      },
    },
    'https://service.test',
  )
  const about = { referrer: 'https://shop.test/cart', referrerPolicy: 'unsafe-url' } as const
  const request = new Request('https://service.test', about)
  await fetch(request)
  expect(sent).toMatchObject({ referrer: request.referrer, referrerPolicy: 'unsafe-url' })
})

test('Infinity is no limit', async () => {
  const { server, clock, fetch } = await guard({ timeoutMs: Infinity })
  expect(await (await fetch(server.url)).text()).toBe('ok')
  expect(clock.timers).toBe(0)
})

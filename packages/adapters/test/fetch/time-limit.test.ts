import { getEventListeners } from 'node:events'
import { CircuitTimeoutError } from '@switchgear/core'
import { neverAnswer, OpenBody } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { guard, guardWithoutServer, rejection, verdicts } from './guard.ts'

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
  const { clock, fetch, breaker } = guardWithoutServer({ timeoutMs: 2_000, fetch: () => late.promise }, 'service.test')
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

test("leaves no listener on the caller's signal and no timer behind", async () => {
  const { server, clock, fetch, breaker } = await guard({ timeoutMs: 2_000 })
  const { signal } = new AbortController()
  for (let i = 0; i < 20; i++) await (await fetch(server.url, { signal })).text()
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(clock.timers).toBe(0)
  expect(verdicts(breaker)).toMatchObject({ success: 20 })
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

test('Infinity is no limit', async () => {
  const { server, clock, fetch } = await guard({ timeoutMs: Infinity })
  expect(await (await fetch(server.url)).text()).toBe('ok')
  expect(clock.timers).toBe(0)
})

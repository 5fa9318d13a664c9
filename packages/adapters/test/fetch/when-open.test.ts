import { CircuitOpenError } from '@switchgear/core'
import { answer, HeldReply } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { firstFailureOpens, guard, guardWithoutServer } from './guard.ts'

const url = 'https://service.test/path?token=1234'

test('throws a CircuitOpenError whose cause is what opened the breaker', async () => {
  const { server, fetch } = await guard(firstFailureOpens)
  server.always(answer({ status: 502 }))
  await fetch(server.url)
  const error = await rejection(fetch(server.url))
  expect(error).toBeInstanceOf(CircuitOpenError)
  expect(error).toMatchObject({
    breakerName: server.host,
    reason: 'open',
    retryAfterMs: 60_000,
    cause: { name: 'HttpStatusError', message: 'HTTP 502' },
  })
  expect(server.requests).toHaveLength(1)
})

test('leaves a body that can be sent once to the caller, who can send it elsewhere', async () => {
  const { server, fetch, breaker } = await guard()
  breaker.trip({ reason: 'test' })
  const stream = new Blob(['pay 5']).stream()
  const request = new Request(server.url, { method: 'POST', body: 'pay 6' })
  await rejection(fetch(server.url, { method: 'POST', body: stream, duplex: 'half' }))
  await rejection(fetch(request))
  expect(stream.locked).toBe(false)
  expect(await new Response(stream).text()).toBe('pay 5')
  expect(request.bodyUsed).toBe(false)
  expect(await request.text()).toBe('pay 6')
})

test('responds, when asked to, with a problem document that says when to come back', async () => {
  const { clock, fetch, breaker } = guardWithoutServer({ onOpen: 'respond' }, 'https://service.test')
  breaker.trip({ reason: 'test' })
  clock.advance(58_500)
  const response = await fetch(url)
  expect(response).toMatchObject({ status: 503, statusText: 'Service Unavailable', ok: false })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('retry-after')).toBe('2')
  expect(await response.json()).toEqual({
    title: 'Service Unavailable',
    status: 503,
    detail: 'circuit breaker "service.test" rejected the call: open',
    code: 'ERR_CIRCUIT_OPEN',
    breaker: 'service.test',
    state: 'open',
    reason: 'open',
    retryAfterMs: 1_500,
  })
})

test('responds without Retry-After while nobody knows when', async () => {
  const { fetch, breaker } = guardWithoutServer({ onOpen: 'respond' }, 'https://service.test')
  breaker.forceOpen({ reason: 'maintenance' })
  const response = await fetch(url)
  expect(response.headers.has('retry-after')).toBe(false)
  expect(await response.json()).toMatchObject({ reason: 'forced_open' })
})

test('gives the very response of a function, which is told of the error and the request', async () => {
  const stale = new Response('from the cache')
  const calls: unknown[][] = []
  const { fetch, breaker } = guardWithoutServer(
    {
      onOpen: (...call) => {
        calls.push(call)
        return stale
      },
    },
    'https://service.test',
  )
  breaker.trip({ reason: 'test' })
  const init = { method: 'POST' }
  expect(await fetch(url, init)).toBe(stale)
  expect(calls).toEqual([[expect.any(CircuitOpenError), url, init]])
})

test('rejects with what that function throws', async () => {
  const error = new Error('nothing in the cache')
  const { fetch, breaker } = guardWithoutServer(
    {
      onOpen: () => {
        throw error
      },
    },
    'https://service.test',
  )
  breaker.trip({ reason: 'test' })
  expect(await rejection(fetch(url))).toBe(error)
})

test('does the same with calls that are too many in half_open', async () => {
  const { server, clock, fetch, breaker } = await guard({ onOpen: 'respond', halfOpen: { maxConcurrent: 1 } })
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  const held = new HeldReply()
  server.always(held.reply)
  const probe = fetch(server.url)
  expect(await (await fetch(server.url)).json()).toMatchObject({ reason: 'half_open_full' })
  held.release()
  expect(await (await probe).text()).toBe('ok')
})

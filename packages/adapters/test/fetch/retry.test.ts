import { withFetchOptions } from '@switchgear/adapters/fetch'
import { consecutiveFailures, isCircuitOpenError } from '@switchgear/core'
import { answer, neverAnswer, OpenBody, type Reply, resetBeforeHeaders } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { oneShotBodies, recordBodies, replayableBodies } from '../bodies.ts'
import { nextTurn, waits } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, guardWithoutServer } from './guard.ts'

const down = answer({ status: 503, body: 'down' })
/** Retries with no wait. */
const atOnce = { random: () => 0 }

test('without retry a request is sent once', async () => {
  const { server, fetch } = await guard()
  server.always(down)
  expect((await fetch(server.url)).status).toBe(503)
  expect(server.requests).toHaveLength(1)
})

test.each<[what: string, reply: Reply]>([
  ['a 503', down],
  ['a 500', answer({ status: 500 })],
  ['a 408', answer({ status: 408 })],
  ['a 429', answer({ status: 429 })],
  ['a connection that is reset', resetBeforeHeaders()],
])('after %s a request is sent again, and its answer is the very response', async (_what, reply) => {
  let given: Response | undefined
  const { server, fetch, breaker } = await guard({
    retry: atOnce,
    fetch: async (...request) => (given = await globalThis.fetch(...request)),
  })
  server.next(reply, reply)
  const response = await fetch(server.url)
  expect(response).toBe(given)
  expect(await response.text()).toBe('ok')
  expect(server.requests).toHaveLength(3)
  expect(verdicts(breaker)).toEqual({ success: 1, failure: 2, ignored: 0, active: 0 })
})

test.each([200, 301, 400, 404, 409])('after a %i it is not', async (status) => {
  const { server, fetch } = await guard({ retry: atOnce })
  server.always(answer({ status }))
  expect((await fetch(server.url, { redirect: 'manual' })).status).toBe(status)
  expect(server.requests).toHaveLength(1)
})

test('when no retry is left, gives the response itself, its body unread', async () => {
  const { server, fetch } = await guard({ retry: atOnce })
  server.always(down)
  const response = await fetch(server.url)
  expect([response.status, await response.text()]).toEqual([503, 'down'])
  expect(server.requests).toHaveLength(3)
})

test('when no retry is left, rejects with the very error', async () => {
  const errors: Error[] = []
  const { fetch } = guardWithoutServer(
    {
      retry: atOnce,
      fetch: () => {
        const error = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }) })
        errors.push(error)
        return Promise.reject(error)
      },
    },
    'https://service.test',
  )
  expect(await rejection(fetch('https://service.test'))).toBe(errors[2])
  expect(errors).toHaveLength(3)
})

test('backoff doubles from 200 ms up to 10 s, and chance takes any part of it', async () => {
  const { clock, fetch } = guardWithoutServer(
    {
      retry: { maxRetries: 7, random: () => 0.5 },
      trip: consecutiveFailures(100),
      fetch: () => Promise.resolve(new Response(null, { status: 503 })),
    },
    'https://service.test',
  )
  const call = fetch('https://service.test')
  for (const waitMs of [100, 200, 400, 800, 1_600, 3_200, 5_000]) {
    await waits(clock)
    clock.advance(waitMs - 1)
    expect(clock.timers).toBe(1)
    clock.advance(1)
    expect(clock.timers).toBe(0)
  }
  expect((await call).status).toBe(503)
})

test('never earlier than Retry-After says, whatever the failure', async () => {
  for (const status of [429, 500, 503]) {
    const { server, clock, fetch } = await guard({ retry: atOnce })
    server.next(
      answer({
        status,
        headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' },
      }),
    )
    const call = fetch(server.url)
    await waits(clock)
    clock.advance(4_999)
    await nextTurn()
    expect(server.requests).toHaveLength(1)
    clock.advance(1)
    expect(await (await call).text()).toBe('ok')
  }
})

test('gives the response at once when the service asks for a wait that is too long', async () => {
  const { server, clock, fetch } = await guard({ retry: atOnce })
  server.always(answer({ status: 503, headers: { 'retry-after': '11' } }))
  expect((await fetch(server.url)).status).toBe(503)
  expect([server.requests.length, clock.timers]).toEqual([1, 0])
})

test('gives what has come at once when a wait would outlast the deadline', async () => {
  const { server, clock, fetch } = await guard({ retry: atOnce })
  server.always(answer({ status: 503, headers: { 'retry-after': '2' } }))
  const call = fetch(server.url, withFetchOptions({ retry: { totalMs: 3_000 } }))
  await waits(clock)
  clock.advance(2_000)
  expect((await call).status).toBe(503)
  expect([server.requests.length, clock.now(), clock.timers]).toEqual([2, 2_000, 0])
})

test('retries are outside the breaker: one that opens ends them', async () => {
  const { server, fetch, breaker } = await guard({ retry: { ...atOnce, maxRetries: 9 }, trip: consecutiveFailures(2) })
  server.always(down)
  const response = await fetch(server.url)
  expect([response.status, await response.text()]).toEqual([503, 'down'])
  expect(server.requests).toHaveLength(2)
  expect(breaker.state).toBe('open')
  expect(isCircuitOpenError(await rejection(fetch(server.url)))).toBe(true)
  expect(server.requests).toHaveLength(2)
})

test('a request that waits when its breaker opens is rejected, or answered by onOpen', async () => {
  const { server, clock, fetch, breaker } = await guard({ retry: { random: () => 0.5 } })
  server.always(down)
  const rejected = rejection(fetch(server.url))
  const answered = fetch(server.url, withFetchOptions({ onOpen: 'respond' }))
  await waits(clock, 2)
  breaker.trip({ reason: 'test' })
  clock.advance(10_000)
  expect(isCircuitOpenError(await rejected)).toBe(true)
  expect((await answered).headers.get('content-type')).toBe('application/problem+json')
  expect(server.requests).toHaveLength(2)
})

test('the 503 of an open breaker is not sent again', async () => {
  const { server, fetch, breaker } = await guard({ retry: atOnce, onOpen: 'respond' })
  breaker.trip({ reason: 'test' })
  expect((await fetch(server.url)).status).toBe(503)
  expect(server.connections).toBe(0)
  expect(breaker.status().rejections).toMatchObject({ open: 1 })
})

test('a probe that fails is not sent again', async () => {
  const { server, clock, fetch, breaker } = await guard({ retry: atOnce })
  server.always(down)
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  expect((await fetch(server.url)).status).toBe(503)
  expect(server.requests).toHaveLength(1)
})

test('each try has the whole of timeoutMs', async () => {
  const { server, clock, fetch, breaker } = await guard({ retry: atOnce, timeoutMs: 1_000 })
  server.next(neverAnswer(), neverAnswer())
  const call = fetch(server.url)
  for (const requests of [1, 2]) {
    await server.received(requests)
    clock.advance(999)
    expect(verdicts(breaker)).toMatchObject({ failure: requests - 1, active: 1 })
    clock.advance(1)
  }
  expect(await (await call).text()).toBe('ok')
  expect(verdicts(breaker)).toMatchObject({ failure: 2, success: 1 })
})

test('a POST is sent again after a 429, which says that nothing was done, and after no other failure', async () => {
  const { server, fetch } = await guard({ retry: atOnce })
  const post = { method: 'POST', body: 'cents=5' }
  server.next(answer({ status: 429 }))
  expect((await fetch(server.url, post)).status).toBe(200)
  server.next(down)
  expect((await fetch(server.url, post)).status).toBe(503)
  server.next(resetBeforeHeaders())
  await rejection(fetch(new Request(server.url, { method: 'POST' })))
  expect(server.requests).toHaveLength(4)
})

test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'delete'])('a %s is sent again', async (method) => {
  const { server, fetch } = await guard({ retry: atOnce })
  server.next(down)
  expect((await fetch(server.url, { method })).status).toBe(200)
})

test('methods says what else may be sent again', async () => {
  const { server, fetch } = await guard({ retry: { ...atOnce, methods: ['post'] } })
  server.next(down)
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(200)
  server.next(down)
  expect((await fetch(server.url)).status).toBe(503)
})

test.each(replayableBodies)('a body that is %s is sent again', async (_what, body, sent) => {
  const { server, fetch } = await guard({ retry: atOnce, timeoutMs: 60_000 })
  const bodies: string[] = []
  server.next(recordBodies(bodies, down), recordBodies(bodies, answer()))
  expect(await (await fetch(server.url, { method: 'PUT', body })).text()).toBe('ok')
  expect(bodies).toEqual([expect.stringContaining(sent), expect.stringContaining(sent)])
})

test.each(oneShotBodies)('%s is sent once', async (_what, request) => {
  const { server, fetch } = await guard({ retry: atOnce })
  server.always(down)
  expect((await fetch(...request(server.url))).status).toBe(503)
  expect(server.requests).toHaveLength(1)
})

test('a body that breaks after the headers is not asked for again: its response was given', async () => {
  const { server, fetch } = await guard({ retry: atOnce })
  const body = new OpenBody()
  server.always(body.reply)
  const reading = rejection((await fetch(server.url)).text())
  body.reset()
  await reading
  expect(server.requests).toHaveLength(1)
})

test('a response that is not given on keeps no connection while its request waits', async () => {
  const { server, clock, fetch } = await guard({ retry: { random: () => 0.5 } })
  server.next(new OpenBody({ status: 503 }).reply)
  const call = fetch(server.url)
  await waits(clock)
  await server.drained()
  clock.advance(100)
  expect(await (await call).text()).toBe('ok')
})

test.each<[what: string, body: unknown]>([
  ['a body that is a string', '{}'],
  ['a body that is cancelled at once', { cancel() {} }],
  [
    'a body that cannot be cancelled',
    {
      cancel() {
        throw new Error('it is read')
      },
    },
  ],
])('a response double with %s is dropped too', async (_what, body) => {
  const good = new Response()
  const doubles = [{ status: 503, body }, good]
  const { fetch } = guardWithoutServer(
    { retry: atOnce, fetch: () => Promise.resolve(doubles.shift() as Response) },
    'https://service.test',
  )
  expect(await fetch('https://service.test')).toBe(good)
})

test('the abort of the caller ends a wait, with its reason', async () => {
  const { server, clock, fetch, breaker } = await guard({ retry: { random: () => 0.5 } })
  server.always(down)
  const controller = new AbortController()
  const reason = new Error('the user left')
  const call = rejection(fetch(server.url, { signal: controller.signal }))
  await waits(clock)
  controller.abort(reason)
  expect(await call).toBe(reason)
  expect(clock.timers).toBe(0)
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 1, ignored: 0, active: 0 })
})

test("a request whose caller's deadline has passed gives its very error, though it counts as a failure", async () => {
  const error = new Error('what this fetch makes of a deadline')
  let sent = 0
  const { fetch, breaker } = guardWithoutServer(
    {
      retry: atOnce,
      fetch: (_url, init) => {
        sent++
        return new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(error))
        })
      },
    },
    'https://service.test',
  )
  expect(await rejection(fetch('https://service.test', { signal: AbortSignal.timeout(1) }))).toBe(error)
  expect(sent).toBe(1)
  expect(verdicts(breaker)).toMatchObject({ failure: 1, active: 0 })
})

test('what classify calls a failure is sent again, and what it does not is not', async () => {
  const { server, fetch } = await guard({
    retry: atOnce,
    classify: ({ value }) => (value instanceof Response && value.status === 404 ? 'failure' : 'success'),
  })
  server.next(answer({ status: 404 }))
  expect((await fetch(server.url)).status).toBe(200)
  server.next(down)
  expect((await fetch(server.url)).status).toBe(503)
})

test('what the service told one request binds the retries of its origin', async () => {
  const { server, clock, fetch } = await guard({ retry: atOnce })
  server.next(answer({ status: 503, headers: { 'retry-after': '9' } }), down)
  const calls = [fetch(server.url)]
  await waits(clock)
  clock.advance(1_000)
  calls.push(fetch(server.url))
  await waits(clock, 2)
  clock.advance(7_999)
  await nextTurn()
  expect(server.requests).toHaveLength(2)
  clock.advance(1)
  for (const call of calls) expect((await call).status).toBe(200)
})

test('a budget bounds the retries of an origin', async () => {
  const { server, fetch } = await guard({
    retry: { ...atOnce, budget: { share: 0, minimum: 3 } },
    trip: consecutiveFailures(100),
  })
  server.always(down)
  for (let i = 0; i < 5; i++) await (await fetch(server.url)).text()
  expect(server.requests).toHaveLength(5 + 3)
})

test('first tries add to it, and retries do not', async () => {
  const { server, fetch } = await guard({
    retry: { ...atOnce, maxRetries: 9, budget: { share: 1, minimum: 0 } },
    trip: consecutiveFailures(100),
  })
  server.always(down)
  for (let i = 0; i < 3; i++) await (await fetch(server.url)).text()
  expect(server.requests).toHaveLength(3 + 3)
})

test('a key of undefined sends the request past retries too', async () => {
  const { server, fetch } = await guard({ retry: atOnce, key: () => undefined })
  server.always(down)
  expect((await fetch(server.url)).status).toBe(503)
  expect(server.requests).toHaveLength(1)
})

test('retry: true works, on the time of the platform too', async () => {
  const { server, fetch } = await guard({ retry: true, clock: { now: () => performance.now() } })
  server.next(down)
  expect(await (await fetch(server.url)).text()).toBe('ok')
})

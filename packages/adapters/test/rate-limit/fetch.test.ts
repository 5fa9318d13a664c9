import { getEventListeners } from 'node:events'
import { RateLimitHandler, withRateLimitOptions } from '@switchgear/adapters/rate-limit'
import { consecutiveFailures, isCircuitOpenError } from '@switchgear/core'
import { answer, OpenBody, resetBeforeHeaders } from '@switchgear/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { oneShotBodies, recordBodies, replayableBodies } from '../bodies.ts'
import { nextTurn, waits } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { limit, limited, limitWithoutServer } from './limit.ts'

test('is called fetch and takes one parameter, and needs no handler in front of it', async () => {
  const { server, limiter } = await limit()
  const { fetch } = limiter
  expect([fetch.name, fetch.length]).toEqual([globalThis.fetch.name, globalThis.fetch.length])
  expect(await (await fetch(server.url)).text()).toBe('ok')
})

test('sends a request again after a 429, and gives the very response', async () => {
  const given: Response[] = []
  const { server, limiter } = await limit({
    fetch: async (...request) => {
      const response = await fetch(...request)
      given.push(response)
      return response
    },
  })
  server.next(limited(), limited())
  const response = await limiter.fetch(`${server.url}/a?b`, { headers: { 'x-a': '1' } })
  expect(await response.text()).toBe('ok')
  expect(response).toBe(given[2])
  expect(server.requests.map(({ path, headers }) => [path, headers['x-a']])).toEqual(
    Array.from({ length: 3 }, () => ['/a?b', '1']),
  )
})

test('never earlier than Retry-After says', async () => {
  const { server, clock, limiter } = await limit()
  server.next(limited('30'))
  const call = limiter.fetch(server.url)
  await waits(clock)
  clock.advance(29_999)
  await nextTurn()
  expect(server.requests).toHaveLength(1)
  clock.advance(1)
  expect(await (await call).text()).toBe('ok')
})

test('a timer that fires early is no reason to come early', async () => {
  let now = 0
  let sent = 0
  const timers: (() => void)[] = []
  const { limiter } = limitWithoutServer({
    name: 'early',
    clock: {
      now: () => now,
      setTimer(callback) {
        timers.push(callback)
        return { cancel: () => {}, keepAlive: () => {} }
      },
    },
    fetch: () =>
      Promise.resolve(new Response(null, { status: sent++ === 0 ? 429 : 200, headers: { 'retry-after': '30' } })),
  })
  const call = limiter.fetch('https://service.test')
  while (timers.length === 0) await nextTurn()
  now = 29_999.2
  timers.shift()?.()
  await nextTurn()
  expect([sent, timers.length]).toEqual([1, 1])
  now = 30_000
  timers.shift()?.()
  expect((await call).status).toBe(200)
})

test('gives the 429 itself when no retry is left, its body unread', async () => {
  const { server, limiter, breaker } = await limit()
  server.always(limited())
  const response = await limiter.fetch(server.url)
  expect(response.status).toBe(429)
  expect(await response.text()).toBe('slow down')
  expect(server.requests).toHaveLength(6)
  expect(breaker.status().totals).toMatchObject({ failure: 6, active: 0 })
})

test('gives the 429 at once when the service asks for a wait that is too long', async () => {
  const { server, clock, limiter } = await limit()
  server.always(limited('121'))
  const response = await limiter.fetch(server.url)
  expect([response.status, await response.text()]).toEqual([429, 'slow down'])
  expect([server.requests.length, clock.timers]).toEqual([1, 0])
})

test('gives the 429 at once when the wait would outlast the deadline of the call', async () => {
  const { server, clock, limiter } = await limit()
  server.always(limited('4'))
  const call = limiter.fetch(server.url, withRateLimitOptions({ totalMs: 10_000 }))
  for (let i = 0; i < 2; i++) {
    await waits(clock)
    clock.advance(4_000)
    await nextTurn()
  }
  expect((await call).status).toBe(429)
  expect([server.requests.length, clock.now(), clock.timers]).toEqual([3, 8_000, 0])
})

test('one call may be made otherwise than the others', async () => {
  const { server, limiter } = await limit({ maxRetries: 2 })
  server.always(limited())
  const init = withRateLimitOptions({ maxRetries: 0 }, { method: 'DELETE' })
  expect((await limiter.fetch(server.url, init)).status).toBe(429)
  expect(server.requests.map(({ method }) => method)).toEqual(['DELETE'])
  await limiter.fetch(server.url)
  expect(server.requests).toHaveLength(4)
})

test('what a call has for itself is checked where it is written', () => {
  expect(() => withRateLimitOptions({ maxRetries: -1 })).toThrow('maxRetries is -1; allowed: a whole number')
  expect(() => withRateLimitOptions({ totallMs: 1 } as object)).toThrow('did you mean totalMs?')
})

test('the abort of the caller ends a wait, with its reason', async () => {
  const { server, clock, limiter, breaker } = await limit()
  server.always(limited('30'))
  const controller = new AbortController()
  const reason = new Error('the user left')
  const call = rejection(limiter.fetch(server.url, { signal: controller.signal }))
  await waits(clock)
  controller.abort(reason)
  expect(await call).toBe(reason)
  expect(clock.timers).toBe(0)
  expect(breaker.status().totals).toMatchObject({ failure: 1, ignored: 0, active: 0 })
})

test('a caller that has left meanwhile gets what has come', async () => {
  const controller = new AbortController()
  const { clock, limiter } = limitWithoutServer({
    fetch: () => {
      controller.abort()
      return Promise.resolve(new Response('slow down', { status: 429, headers: { 'retry-after': '1' } }))
    },
  })
  const response = await limiter.fetch('https://service.test', { signal: controller.signal })
  expect([response.status, await response.text(), clock.timers]).toEqual([429, 'slow down', 0])
})

test("waits have one listener on the caller's signal together, and leave nothing on it", async () => {
  const { clock, limiter } = limitWithoutServer({
    fetch: () =>
      Promise.resolve(new Response(null, { status: sent++ < 20 ? 429 : 200, headers: { 'retry-after': '1' } })),
    budget: false,
    breaker: false,
  })
  let sent = 0
  const { signal } = new AbortController()
  const calls = Array.from({ length: 20 }, () => limiter.fetch('https://service.test', { signal }))
  await waits(clock, 20)
  // Eleven of them make Node 20 print a warning.
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  clock.advance(1_000)
  for (const call of calls) expect((await call).status).toBe(200)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a signal that is aborted already sends nothing and counts as nothing', async () => {
  const { server, limiter, breaker } = await limit()
  const reason = new Error('the user left')
  expect(await rejection(limiter.fetch(server.url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
  expect(server.connections).toBe(0)
  expect(breaker.status().totals).toMatchObject({ success: 0, failure: 0, ignored: 0, active: 0 })
})

test('a response that is not given on keeps no connection while its request waits', async () => {
  const { server, clock, limiter } = await limit()
  server.next(new OpenBody({ status: 429, headers: { 'retry-after': '30' } }).reply)
  const call = limiter.fetch(server.url)
  await waits(clock)
  await server.drained()
  clock.advance(30_000)
  expect(await (await call).text()).toBe('ok')
})

test.each(replayableBodies)('a body that is %s is sent again, of a POST too', async (_what, body, sent) => {
  const { server, limiter } = await limit()
  const bodies: string[] = []
  server.next(recordBodies(bodies, limited()), recordBodies(bodies, answer()))
  expect(await (await limiter.fetch(server.url, { method: 'POST', body })).text()).toBe('ok')
  expect(bodies).toEqual([expect.stringContaining(sent), expect.stringContaining(sent)])
})

test('a URL is sent again, by any method', async () => {
  const { server, limiter } = await limit()
  server.next(limited())
  expect((await limiter.fetch(new URL(server.url), { method: 'DELETE' })).status).toBe(200)
})

test('a Request of a platform that does not say whether it has a body is sent again if it can have none', async () => {
  const { limiter } = limitWithoutServer({
    fetch: (input) => Promise.resolve(new Response(null, { status: seen.push(input) === 1 ? 429 : 200 })),
  })
  const seen: unknown[] = []
  const url = 'https://service.test/'
  const [get, put] = [{ url, method: 'GET' } as Request, { url, method: 'PUT' } as Request]
  expect((await limiter.fetch(get)).status).toBe(200)
  expect(seen).toEqual([get, get])
  seen.length = 0
  expect((await limiter.fetch(put)).status).toBe(429)
})

test.each(oneShotBodies)('%s is sent once', async (_what, request) => {
  const { server, limiter } = await limit()
  server.always(limited())
  expect((await limiter.fetch(...request(server.url))).status).toBe(429)
  expect(server.requests).toHaveLength(1)
})

test('a Request without a body is sent again, and one whose body an init replaces', async () => {
  const { server, limiter } = await limit()
  server.next(limited())
  expect((await limiter.fetch(new Request(server.url, { method: 'DELETE' }))).status).toBe(200)
  server.next(limited())
  const request = new Request(server.url, { method: 'POST', body: 'cents=5' })
  expect((await limiter.fetch(request, { body: 'cents=6' })).status).toBe(200)
  expect(server.requests).toHaveLength(4)
})

test.each([200, 404, 503])('a %i is given as it is', async (status) => {
  const { server, limiter, breaker } = await limit()
  server.always(answer({ status, headers: { 'retry-after': '1' } }))
  expect((await limiter.fetch(server.url)).status).toBe(status)
  expect(server.requests).toHaveLength(1)
  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 0, active: 0 })
})

test('an error is given as it is, and says nothing of limits', async () => {
  const error = new Error('refused')
  const { limiter, breaker } = limitWithoutServer({ fetch: () => Promise.reject(error) }, 'https://service.test')
  expect(await rejection(limiter.fetch('https://service.test'))).toBe(error)
  expect(breaker.status().totals).toMatchObject({ ignored: 1, failure: 0, active: 0 })
})

test('a connection that breaks after a 429 ends it', async () => {
  const { server, limiter, breaker } = await limit()
  server.next(limited(), resetBeforeHeaders())
  expect(await rejection(limiter.fetch(server.url))).toBeInstanceOf(TypeError)
  expect(breaker.status().totals).toMatchObject({ failure: 1, ignored: 1, active: 0 })
})

test('after ten 429s in a row the breaker of the key opens, and nothing is sent', async () => {
  const { server, limiter, breaker } = await limit({ maxRetries: 0 })
  server.always(limited())
  for (let i = 0; i < 10; i++) expect((await limiter.fetch(server.url)).status).toBe(429)
  const error = await rejection(limiter.fetch(server.url))
  expect(isCircuitOpenError(error)).toBe(true)
  expect(error).toMatchObject({
    breakerName: `rate-limit:${server.host}`,
    retryAfterMs: 300_000,
    cause: { name: 'HttpStatusError', status: 429 },
  })
  expect(server.requests).toHaveLength(10)
  expect(breaker.status().failuresByType).toEqual({ 429: 10 })
})

test('anything but a 429 in between begins the row anew', async () => {
  const { server, limiter, breaker } = await limit({ maxRetries: 0 })
  for (const reply of [...Array(9).fill(limited()), answer({ status: 500 }), ...Array(9).fill(limited())]) {
    server.next(reply)
    await (await limiter.fetch(server.url)).text()
  }
  expect(breaker.state).toBe('closed')
})

test('a breaker that opens ends the retries: the 429 is given', async () => {
  const { server, limiter, breaker } = await limit({ trip: consecutiveFailures(2) })
  server.always(limited())
  expect((await limiter.fetch(server.url)).status).toBe(429)
  expect(server.requests).toHaveLength(2)
  expect(breaker.state).toBe('open')
})

test('a request that waits when its breaker opens is rejected', async () => {
  const { server, clock, limiter, breaker } = await limit()
  server.next(limited('30'))
  const call = rejection(limiter.fetch(server.url))
  await waits(clock)
  breaker.trip({ reason: 'test' })
  clock.advance(30_000)
  expect(isCircuitOpenError(await call)).toBe(true)
  expect(server.requests).toHaveLength(1)
})

test('a Retry-After holds the breaker that it opens, up to maxRetryAfterMs', async () => {
  const { server, limiter, breaker } = await limit({ trip: consecutiveFailures(1), maxRetryAfterMs: 900_000 })
  server.next(limited('600'))
  await limiter.fetch(server.url)
  expect(breaker.status().retryAfterMs).toBe(600_000)
  breaker.reset()
  server.next(limited('9'.repeat(400)))
  await limiter.fetch(server.url)
  expect(breaker.status().retryAfterMs).toBe(900_000)
})

test('probes close the breaker again', async () => {
  const { server, clock, limiter, breaker } = await limit()
  breaker.trip({ reason: 'test' })
  clock.advance(300_000)
  for (let i = 0; i < 3; i++) await (await limiter.fetch(server.url)).text()
  expect(breaker.state).toBe('closed')
})

test('with breaker: false nothing is rejected, and all is counted', async () => {
  const { server, limiter, breaker } = await limit({ breaker: false, maxRetries: 0, trip: consecutiveFailures(1) })
  server.always(limited())
  for (let i = 0; i < 20; i++) await (await limiter.fetch(server.url)).text()
  expect([breaker.state, breaker.status().totals.failure]).toEqual(['closed', 20])
})

test('with heedRetryAfter: false only the backoff counts', async () => {
  const { server, limiter, clock, breaker } = await limit({
    heedRetryAfter: false,
    random: () => 0.5,
    trip: consecutiveFailures(2),
    openMs: 1_000,
  })
  server.next(limited('3600'), limited('3600'))
  const call = limiter.fetch(server.url)
  await waits(clock)
  clock.advance(1_000)
  expect((await call).status).toBe(429)
  expect(breaker.status().retryAfterMs).toBe(1_000)
})

test('each origin is limited for itself, unless key says otherwise', async () => {
  const limits: string[] = []
  const { limiter } = limitWithoutServer({ fetch: () => Promise.resolve(new Response()) })
  await limiter.fetch('https://user:secret@a.test/path?token=1')
  await limiter.fetch('https://b.test:8443/')
  for (const [key, { name }] of limiter.breakers) if (key !== 'api') limits.push(`${key} ${name}`)
  expect(limits).toEqual(['https://a.test rate-limit:a.test', 'https://b.test:8443 rate-limit:b.test:8443'])

  const byToken = limitWithoutServer({
    fetch: () => Promise.resolve(new Response()),
    key: (_url, init) => new Headers(init?.headers).get('authorization') ?? undefined,
  })
  await byToken.limiter.fetch('https://a.test', { headers: { authorization: 'team-7' } })
  expect([...byToken.limiter.breakers].map(([key]) => key)).toEqual(['api', 'team-7'])
})

test('a key of undefined sends the request past all of it', async () => {
  const { server, limiter } = await limit({ key: () => undefined })
  server.always(limited())
  expect((await limiter.fetch(server.url)).status).toBe(429)
  expect(server.requests).toHaveLength(1)
})

test('a request that goes to no host, and what is no URL, are left to fetch', async () => {
  const { limiter } = limitWithoutServer()
  expect(await (await limiter.fetch('data:text/plain,hello')).text()).toBe('hello')
  const theirs = await rejection(globalThis.fetch('not a url'))
  expect(await rejection(limiter.fetch('not a url'))).toEqual(theirs)
})

test('uses the global fetch of the time of the call, and can take its place', async () => {
  const { server, limiter } = await limit()
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  globalThis.fetch = () => Promise.resolve(new Response('patched'))
  expect(await (await limiter.fetch(server.url)).text()).toBe('patched')
  globalThis.fetch = limiter.fetch
  server.next(limited())
  expect(await (await globalThis.fetch(server.url)).text()).toBe('ok')
})

test('survives what tests put in the place of a response', async () => {
  const { limiter, breaker } = limitWithoutServer(
    { fetch: () => Promise.resolve(doubles.shift() as Response) },
    'https://service.test',
  )
  const good = { ok: true }
  const doubles: unknown[] = [undefined, { status: 429 }, good]
  expect(await limiter.fetch('https://service.test')).toBeUndefined()
  expect(await limiter.fetch('https://service.test')).toBe(good)
  expect(breaker.status().totals).toMatchObject({ success: 2, failure: 1, active: 0 })
})

test('works on the time of the platform too', async () => {
  const { server } = await limit()
  const limiter = new RateLimitHandler({ baseBackoffMs: 1, name: 'on the time of the platform' })
  server.next(limited(), limited())
  expect(await (await limiter.fetch(server.url)).text()).toBe('ok')
})

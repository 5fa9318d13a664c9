import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { CircuitBreaker, consecutiveFailures, type Verdict } from '@switchgear/core'
import { HttpStatusError } from '@switchgear/adapters/fetch'
import { answer, neverAnswer, OpenBody, type Reply, resetBeforeHeaders, speakNonsense } from '@switchgear/testkit'
import { expect, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { nextTurn } from '../waits.ts'
import { guard, guardWithoutServer } from './guard.ts'

test.each<[status: number, verdict: Verdict]>([
  [200, 'success'],
  [204, 'success'],
  [304, 'success'],
  [400, 'success'],
  [401, 'success'],
  [404, 'success'],
  [408, 'failure'],
  [409, 'success'],
  [422, 'success'],
  [429, 'failure'],
  [500, 'failure'],
  [501, 'failure'],
  [502, 'failure'],
  [503, 'failure'],
  [504, 'failure'],
])('status %i is a %s', async (status, verdict) => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ status, body: '' }))
  const response = await fetch(server.url)
  await response.text()
  expect(response.status).toBe(status)
  expect(breaker.status().totals).toMatchObject({ [verdict]: 1, active: 0 })
})

test('a failed status is evidence under its number, without URL, headers or body', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ status: 503, body: 'the secret is 1234' }))
  const failures: unknown[] = []
  breaker.on('failure', ({ error }) => void failures.push(error))
  await fetch(`${server.url}/path?token=1234`)
  expect(breaker.status().recentFailures).toMatchObject([{ type: '503', message: 'HTTP 503' }])
  expect(failures[0]).toBeInstanceOf(HttpStatusError)
  expect(failures[0]).toMatchObject({ name: 'HttpStatusError', code: 'ERR_HTTP_STATUS', status: 503 })
  expect((failures[0] as Error).stack).toBe('HttpStatusError: HTTP 503')
})

test.each<[what: string, reply: Reply, type: string]>([
  ['a reset', resetBeforeHeaders(), 'ECONNRESET'],
  ['what is no HTTP', speakNonsense(), 'HTTPParserError'],
])('%s is a failure', async (_what, reply, type) => {
  const { server, fetch, breaker } = await guard()
  server.always(reply)
  await rejection(fetch(server.url))
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { [type]: 1 } })
})

test('a refused connection is a failure', async () => {
  const port = await closedPort()
  const { fetch, breaker } = guardWithoutServer({}, `http://127.0.0.1:${port}`)
  await rejection(fetch(`http://127.0.0.1:${port}`))
  expect(breaker.status().failuresByType).toEqual({ ECONNREFUSED: 1 })
})

test('connections refused on each address of a host are one failure', async () => {
  const port = await closedPort()
  const { fetch, breaker } = guardWithoutServer({}, `http://localhost:${port}`)
  await rejection(fetch(`http://localhost:${port}`))
  expect(breaker.status()).toMatchObject({ totals: { failure: 1 }, failuresByType: { ECONNREFUSED: 1 } })
})

test('a certificate that cannot be trusted is a failure', async () => {
  const { fetch, breaker } = failing({ cause: withCode('DEPTH_ZERO_SELF_SIGNED_CERT') })
  await rejection(fetch('https://service.test'))
  expect(breaker.status().failuresByType).toEqual({ DEPTH_ZERO_SELF_SIGNED_CERT: 1 })
})

test('a code is found behind several causes and among several errors', async () => {
  const several = new AggregateError([
    new Error('of no interest'),
    new Error('wrapped', { cause: withCode('EAI_AGAIN') }),
  ])
  const { fetch, breaker } = failing({ cause: new Error('wrapped', { cause: several }) })
  await rejection(fetch('https://service.test'))
  expect(breaker.status().failuresByType).toEqual({ EAI_AGAIN: 1 })
})

test.each<[status: number, verdict: Verdict]>([
  [503, 'failure'],
  [404, 'success'],
])("undici's own retries that end in %i are a %s", async (statusCode, verdict) => {
  const { fetch, breaker } = failing({ cause: Object.assign(withCode('UND_ERR_REQ_RETRY'), { statusCode }) })
  await rejection(fetch('https://service.test'))
  expect(breaker.status().totals).toMatchObject({ [verdict]: 1 })
})

test.each<[what: string, init: RequestInit]>([
  ['a method that is none', { method: 'not a method' }],
  ['a header that is none', { headers: { 'not a header': 'x' } }],
  ['a GET with a body', { body: 'x' }],
  ['a stream without duplex', { method: 'POST', body: new ReadableStream() }],
  ['a signal that is none', { signal: {} as AbortSignal }],
])('%s is ignored', async (_what, init) => {
  const { server, fetch, breaker } = await guard()
  expect(await rejection(fetch(server.url, init))).toBeInstanceOf(TypeError)
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
})

test('a forbidden port is ignored, though its error looks like a refused connection', async () => {
  const { fetch, breaker } = guardWithoutServer({}, 'http://127.0.0.1:22')
  expect(await rejection(fetch('http://127.0.0.1:22'))).toMatchObject({ message: 'fetch failed' })
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, failure: 0 })
})

test('redirects without end, or against the wish of the caller, are ignored', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ status: 302, headers: { location: '/again' } }))
  await rejection(fetch(server.url))
  await rejection(fetch(server.url, { redirect: 'error' }))
  expect(verdicts(breaker)).toMatchObject({ ignored: 2, failure: 0 })
})

test("the local machine's trouble is ignored", async () => {
  const { fetch, breaker } = failing({ cause: withCode('EMFILE') })
  await rejection(fetch('https://service.test'))
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, failure: 0 })
})

test('the rejection of another breaker further in is ignored, whatever opened that one', async () => {
  const inner = new CircuitBreaker('inner', { trip: consecutiveFailures(1) })
  await inner.execute(() => Promise.reject(withCode('ECONNREFUSED'))).catch(() => {})
  const { fetch, breaker } = guardWithoutServer(
    { fetch: () => inner.execute(() => new Response()) },
    'https://service.test',
  )
  await rejection(fetch('https://service.test'))
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, failure: 0 })
})

test('an error that is hostile to being looked at is ignored, and given as it is', async () => {
  const hostile: unknown = new Proxy(
    {},
    {
      get() {
        throw new Error('do not touch')
      },
    },
  )
  const { fetch, breaker } = guardWithoutServer(
    {
      fetch: () => {
        throw hostile
      },
    },
    'https://service.test',
  )
  // It must not be what a promise is resolved with: that would look at it.
  const isSame = await fetch('https://service.test').then(
    () => false,
    (error: unknown) => error === hostile,
  )
  expect(isSame).toBe(true)
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, active: 0 })
})

test.each<[what: string, reason: unknown]>([
  ['no reason', undefined],
  ['an error of the caller', new Error('the user left')],
  ['a network error of the caller', withCode('ECONNRESET')],
  ['a string', 'shutting down'],
])('an abort with %s is ignored, and rejects with it', async (_what, reason) => {
  const { server, fetch, breaker } = await guard()
  server.always(neverAnswer())
  const controller = new AbortController()
  const call = rejection(fetch(new Request(server.url, { signal: controller.signal })))
  await server.received(1)
  controller.abort(reason)
  expect(await call).toBe(controller.signal.reason)
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
})

test('a signal that is aborted already asks nothing of the service, and is counted as nothing', async () => {
  const { server, fetch, breaker } = await guard()
  const reason = new Error('the user left')
  expect(await rejection(fetch(server.url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
  expect(server.connections).toBe(0)
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 0, active: 0 })
})

test('an init without a signal takes the one of the Request away', async () => {
  const { server, fetch, breaker } = await guard()
  const request = new Request(server.url, { signal: AbortSignal.abort() })
  const response = await fetch(request, { signal: null })
  expect(await response.text()).toBe('ok')
  expect(verdicts(breaker)).toMatchObject({ success: 1 })
})

test.each(['failure', 'ignored'] as const)(
  "a deadline of the caller's own counts as %s when asked",
  async (callerTimeout) => {
    const { server, fetch, breaker } = await guard({ callerTimeout })
    server.always(neverAnswer())
    expect(await rejection(fetch(server.url, { signal: AbortSignal.timeout(1) }))).toMatchObject({
      name: 'TimeoutError',
    })
    expect(breaker.status().totals).toMatchObject({ [callerTimeout]: 1, active: 0 })
  },
)

test("a deadline of the caller's own is a failure by default", async () => {
  const { server, fetch, breaker } = await guard()
  server.always(neverAnswer())
  await rejection(fetch(server.url, { signal: AbortSignal.timeout(1) }))
  expect(breaker.status()).toMatchObject({ totals: { failure: 1 }, failuresByType: { TimeoutError: 1 } })
})

test('a time limit of another breaker further out is a deadline of the caller', async () => {
  const { server, clock, fetch, breaker } = await guard()
  server.always(neverAnswer())
  const outer = new CircuitBreaker('outer', { timeoutMs: 1_000, clock })
  const call = rejection(outer.execute(({ signal }) => fetch(server.url, { signal })))
  await server.received(1)
  clock.advance(1_000)
  await call
  await server.drained()
  expect(breaker.status().totals).toMatchObject({ failure: 1, ignored: 0, active: 0 })
})

test('a time limit of a layer further in is a failure, before the headers and in the body', async () => {
  const { server, fetch, breaker } = await guard({
    fetch: (url, init) => globalThis.fetch(url, { ...init, signal: AbortSignal.timeout(20) }),
  })
  server.next(neverAnswer(), new OpenBody().reply)
  await rejection(fetch(server.url))
  expect(breaker.status()).toMatchObject({ totals: { failure: 1 }, failuresByType: { TimeoutError: 1 } })
  await rejection(fetch(server.url).then((response) => response.text()))
  expect(breaker.status().totals).toMatchObject({ failure: 2, ignored: 0, success: 0, active: 0 })
})

test('an abort whose reason is hostile to being looked at is ignored', async () => {
  const explode = (): never => {
    throw new Error('do not touch')
  }
  const aborted = new Error('aborted')
  const { fetch, breaker } = guardWithoutServer(
    {
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(aborted))
        }),
    },
    'https://service.test',
  )
  const controller = new AbortController()
  const call = rejection(fetch('https://service.test', { signal: controller.signal }))
  controller.abort(new Proxy({}, { get: explode, getPrototypeOf: explode }))
  expect(await call).toBe(aborted)
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
})

test('classify has the last word on responses and errors', async () => {
  const { server, fetch, breaker } = await guard({
    classify: (outcome) => {
      if (outcome.value instanceof Response) return outcome.value.status === 404 ? 'failure' : 'ignored'
      return 'success'
    },
  })
  server.next(answer({ status: 404 }), answer({ status: 503 }), resetBeforeHeaders())
  await fetch(server.url)
  await fetch(server.url)
  await rejection(fetch(server.url))
  expect(verdicts(breaker)).toEqual({ failure: 1, ignored: 1, success: 1, active: 0 })
  expect(breaker.status().failuresByType).toEqual({ 404: 1 })
})

test('classify is told how long the headers took', async () => {
  const durations: number[] = []
  const { clock, fetch } = guardWithoutServer(
    {
      fetch: () => {
        clock.advance(250)
        return Promise.resolve(new Response())
      },
      classify: (_outcome, durationMs) => void durations.push(durationMs),
    },
    'https://service.test',
  )
  await fetch('https://service.test')
  expect(durations).toEqual([250])
})

test("classify is not asked about the caller's own abort", async () => {
  const { server, fetch, breaker } = await guard({ classify: () => 'failure' })
  server.always(neverAnswer())
  const controller = new AbortController()
  const call = rejection(fetch(server.url, { signal: controller.signal }))
  await server.received(1)
  controller.abort()
  await call
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, failure: 0 })
})

test('a classify that throws, or gives no verdict, is a failure and is told once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const answers = [
    () => {
      throw new Error('classify is broken')
    },
    () => Promise.reject(new Error('classify is async')),
  ]
  for (const classify of answers) {
    const { server, fetch, breaker } = await guard({ classify: classify as unknown as () => undefined })
    for (let i = 0; i < 2; i++) expect(await (await fetch(server.url)).text()).toBe('ok')
    expect(verdicts(breaker)).toMatchObject({ failure: 2 })
  }
  await nextTurn()
  expect(warn).toHaveBeenCalledTimes(2)
  warn.mockRestore()
})

function withCode(code: string): Error {
  return Object.assign(new Error('of the network'), { code })
}

function failing(options: ErrorOptions): ReturnType<typeof guardWithoutServer> {
  return guardWithoutServer(
    { fetch: () => Promise.reject(new TypeError('fetch failed', options)) },
    'https://service.test',
  )
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

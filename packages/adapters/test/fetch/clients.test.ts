import { breakerFetch, type BreakerFetchOptions } from '@switchgear/adapters/fetch'
import { CircuitBreaker, consecutiveFailures, findCircuitOpenError, isCircuitOpenError } from '@switchgear/core'
import { LogLevel, WebClient } from '@slack/web-api'
import { IncomingWebhook } from '@slack/webhook'
import { answer, cutBody, neverAnswer, resetBeforeHeaders } from '@switchgear/testkit'
import got, { HTTPError } from 'got'
import ky from 'ky'
import { ofetch } from 'ofetch'
import pRetry from 'p-retry'
import { expect, test } from 'vitest'
import { recordBodies } from '../bodies.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, type Guard } from './guard.ts'

interface ClientOptions {
  readonly signal?: AbortSignal
  readonly body?: unknown
  /** Retries of the client's own. */
  readonly retries?: number
}

/** A request for JSON through a client that was given our fetch. */
type Client = (fetch: typeof globalThis.fetch, url: string | URL | Request, options?: ClientOptions) => Promise<unknown>

const clients: Record<string, Client> = {
  ky: (fetch, url, { signal, body, retries = 0 } = {}) =>
    ky(url, {
      fetch,
      retry: { limit: retries, delay: () => 0 },
      timeout: false,
      ...(signal && { signal }),
      ...(body !== undefined && { method: 'post', json: body }),
    }).json(),
  ofetch: (fetch, url, { signal, body, retries = 0 } = {}) =>
    ofetch.create({}, { fetch })(url as string, {
      retry: retries,
      ...(signal && { signal }),
      ...(body !== undefined && { method: 'POST', body: body as Record<string, unknown> }),
    }),
}

const json = answer({ headers: { 'content-type': 'application/json' }, body: '{"paid":true}' })
const down = answer({ status: 503, body: '' })

/** A guard whose server says JSON. */
async function guardJson(options: BreakerFetchOptions = {}): Promise<Guard> {
  const guarded = await guard(options)
  guarded.server.always(json)
  return guarded
}

for (const [name, call] of Object.entries(clients)) {
  test(`${name} takes it as its fetch: string, URL and Request`, async () => {
    const { server, fetch, breaker } = await guardJson({ timeoutMs: 60_000 })
    for (const url of [server.url, new URL(server.url), new Request(server.url)]) {
      expect(await call(fetch, url)).toEqual({ paid: true })
    }
    expect(verdicts(breaker)).toEqual({ success: 3, failure: 0, ignored: 0, active: 0 })
  })

  test(`${name} sends its bodies through it`, async () => {
    const { server, fetch } = await guardJson({ timeoutMs: 60_000, retry: true })
    const bodies: string[] = []
    server.always(recordBodies(bodies, json))
    expect(await call(fetch, server.url, { body: { cents: 5 } })).toEqual({ paid: true })
    expect(bodies).toEqual(['{"cents":5}'])
  })

  test(`${name} follows redirects through it`, async () => {
    const { server, fetch, breaker } = await guardJson()
    server.next(answer({ status: 307, headers: { location: '/there' } }))
    expect(await call(fetch, `${server.url}/here`)).toEqual({ paid: true })
    expect(server.requests.map(({ path }) => path)).toEqual(['/here', '/there'])
    expect(verdicts(breaker)).toMatchObject({ success: 1 })
  })

  test(`${name}: failures open the breaker, whose error it can be known by`, async () => {
    const { server, fetch, breaker } = await guardJson()
    const replies = [down, resetBeforeHeaders(), cutBody(), answer({ status: 429, body: '' }), down]
    for (const reply of replies) {
      server.next(reply)
      await rejection(call(fetch, server.url))
    }
    expect(verdicts(breaker)).toMatchObject({ failure: 5, active: 0 })
    const error = await rejection(call(fetch, server.url))
    expect(findCircuitOpenError(error)).toMatchObject({ breakerName: server.host, retryAfterMs: 60_000 })
    expect(server.requests).toHaveLength(5)
    await server.drained()
  })

  test(`${name}: an abort of the caller is ignored, whatever its reason`, async () => {
    const { server, fetch, breaker } = await guardJson({ timeoutMs: 60_000 })
    server.always(neverAnswer())
    const reasons = [undefined, new Error('the user left'), 'a string', null, new TypeError('fetch failed')]
    for (const [i, reason] of reasons.entries()) {
      const controller = new AbortController()
      const outcome = rejection(call(fetch, server.url, { signal: controller.signal }))
      await server.received(i + 1)
      controller.abort(reason)
      await outcome
    }
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: reasons.length, active: 0 })
    await server.drained()
  })

  test(`${name}: a deadline of the caller is a failure`, async () => {
    const { server, fetch, breaker } = await guardJson()
    server.always(neverAnswer())
    await rejection(call(fetch, server.url, { signal: AbortSignal.timeout(20) }))
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 1, ignored: 0, active: 0 })
  })

  test(`${name}: its own retries are outside: the breaker sees each of them, and ends them`, async () => {
    const { server, fetch, breaker } = await guardJson()
    server.next(down, down)
    expect(await call(fetch, server.url, { retries: 5 })).toEqual({ paid: true })
    expect(verdicts(breaker)).toEqual({ success: 1, failure: 2, ignored: 0, active: 0 })
    server.always(down)
    const error = await rejection(call(fetch, server.url, { retries: 9 }))
    expect(isCircuitOpenError(error)).toBe(true)
    expect(server.requests).toHaveLength(3 + 5)
  })

  test(`${name}: retries of ours are inside, and it sees what comes of them`, async () => {
    const { server, fetch, breaker } = await guardJson({ retry: { random: () => 0 }, timeoutMs: 60_000 })
    server.next(down, resetBeforeHeaders())
    expect(await call(fetch, server.url)).toEqual({ paid: true })
    expect(verdicts(breaker)).toEqual({ success: 1, failure: 2, ignored: 0, active: 0 })
  })
}

test('ky does not retry what an open breaker rejected', async () => {
  const { server, fetch, breaker } = await guardJson()
  breaker.trip({ reason: 'test' })
  expect(isCircuitOpenError(await rejection(ky(server.url, { fetch, retry: 5 }).json()))).toBe(true)
  expect(breaker.status().rejections).toMatchObject({ open: 1 })
})

test('ofetch retries it, unless it is told not to', async () => {
  const { server, fetch, breaker } = await guardJson()
  breaker.trip({ reason: 'test' })
  const client = ofetch.create({}, { fetch })
  expect(isCircuitOpenError(await rejection(client(server.url)))).toBe(true)
  expect(breaker.status().rejections).toMatchObject({ open: 2 })
  await rejection(client(server.url, { retry: 0 }))
  expect(breaker.status().rejections).toMatchObject({ open: 3 })
})

test('p-retry retries it, unless it is told not to', async () => {
  const { server, fetch, breaker } = await guardJson()
  breaker.trip({ reason: 'test' })
  const options = { retries: 2, minTimeout: 0 }
  expect(isCircuitOpenError(await rejection(pRetry(() => fetch(server.url), options)))).toBe(true)
  expect(breaker.status().rejections).toMatchObject({ open: 3 })
  const shouldRetry = ({ error }: { error: unknown }): boolean => !isCircuitOpenError(error)
  await rejection(pRetry(() => fetch(server.url), { ...options, shouldRetry }))
  expect(breaker.status().rejections).toMatchObject({ open: 4 })
})

test('got, which takes no fetch, has a breaker around each try', async () => {
  const { server, clock } = await guardJson()
  const breaker = new CircuitBreaker('got', {
    clock,
    timeoutMs: 1_000,
    classify({ error }) {
      if (!(error instanceof HTTPError)) return undefined
      return error.response.statusCode >= 500 ? 'failure' : 'success'
    },
  })
  const call = (): Promise<unknown> =>
    breaker.execute(({ signal }) => got(server.url, { signal, retry: { limit: 0 } }).json())
  expect(await call()).toEqual({ paid: true })
  server.next(down, answer({ status: 404 }), resetBeforeHeaders(), neverAnswer())
  for (let i = 0; i < 3; i++) await rejection(call())
  const hung = rejection(call())
  await server.received(5)
  clock.advance(1_000)
  expect(await hung).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT' })
  expect(verdicts(breaker)).toEqual({ success: 2, failure: 3, ignored: 0, active: 0 })
  await server.drained()
})

test('the Slack clients take it as their fetch', async () => {
  const { server, fetch, breaker } = await guard({ trip: consecutiveFailures(2) })
  const webhook = new IncomingWebhook(`${server.url}/hook`, { fetch })
  const web = new WebClient('xoxb-test', {
    slackApiUrl: `${server.url}/api/`,
    retryConfig: { retries: 0 },
    logLevel: LogLevel.ERROR,
    fetch,
  })
  await webhook.send('up')
  server.next(answer({ headers: { 'content-type': 'application/json' }, body: '{"ok":true}' }))
  expect(await web.chat.postMessage({ channel: 'C1', text: 'up' })).toMatchObject({ ok: true })
  server.always(down)
  await rejection(webhook.send('down'))
  await rejection(web.chat.postMessage({ channel: 'C1', text: 'down' }))
  expect(breaker.state).toBe('open')
  expect(isCircuitOpenError(await rejection(webhook.send('open')))).toBe(true)
  expect(isCircuitOpenError(await rejection(web.chat.postMessage({ channel: 'C1', text: 'open' })))).toBe(true)
  expect(verdicts(breaker)).toEqual({ success: 2, failure: 2, ignored: 0, active: 0 })
})

test('one that is made by breakerFetch alone is of the type that they ask for', () => {
  const fetch = breakerFetch()
  expect([ky.create({ fetch }), ofetch.create({}, { fetch })]).toHaveLength(2)
})

import { breakerFetch } from '@switchgear/adapters/fetch'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { answer } from '@switchgear/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, guardWithoutServer } from './guard.ts'

test('is called fetch and takes one parameter, as fetch does', () => {
  const guarded = breakerFetch()
  expect([guarded.name, guarded.length]).toEqual([fetch.name, fetch.length])
})

test('takes a string, a URL and a Request', async () => {
  const { server, fetch, breaker } = await guard()
  await fetch(`${server.url}/string`)
  await fetch(new URL('/url', server.url))
  await fetch(new Request(`${server.url}/request`, { method: 'PUT' }))
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /string',
    'GET /url',
    'PUT /request',
  ])
  expect(breaker.status().totals.active + breaker.status().totals.success).toBe(3)
})

test('takes a Request of another class by its url', async () => {
  const foreign = { url: 'https://service.test/a', method: 'GET' } as Request
  const seen: unknown[] = []
  const { fetch, breaker } = guardWithoutServer(
    {
      fetch: (input) => {
        seen.push(input)
        return Promise.resolve(new Response())
      },
    },
    'https://service.test',
  )
  await fetch(foreign)
  expect(seen).toEqual([foreign])
  expect(verdicts(breaker).success).toBe(1)
})

test('hands on exactly what it is given', async () => {
  const calls: unknown[][] = []
  const { fetch } = guardWithoutServer(
    {
      fetch: (...request) => {
        calls.push(request)
        return Promise.resolve(new Response())
      },
    },
    'https://service.test',
  )
  const init = { method: 'POST' }
  await fetch('https://service.test')
  await fetch('https://service.test', init)
  expect(calls).toEqual([['https://service.test'], ['https://service.test', init]])
  expect(calls[1]?.[1]).toBe(init)
})

test('gives the very response, which is all that a response is', async () => {
  let given: Response | undefined
  const { server, fetch } = await guard({ fetch: async (...request) => (given = await globalThis.fetch(...request)) })
  server.always(answer({ status: 404, headers: { 'x-reason': 'gone' }, body: 'no such thing' }))
  const response = await fetch(`${server.url}/a`)
  expect(response).toBe(given)
  expect(response).toBeInstanceOf(Response)
  expect(Object.keys(response)).toEqual([])
  expect(response).toMatchObject({ ok: false, status: 404, url: `${server.url}/a`, type: 'basic', bodyUsed: false })
  expect(response.headers.get('x-reason')).toBe('gone')
  expect(await response.text()).toBe('no such thing')
  expect(response.bodyUsed).toBe(true)
})

test('rejects with the very error', async () => {
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) })
  const { fetch } = guardWithoutServer({ fetch: () => Promise.reject(error) }, 'https://service.test')
  expect(await rejection(fetch('https://service.test'))).toBe(error)
})

test('rejects where a fetch throws at once', async () => {
  const error = new Error('no promise')
  const { fetch, breaker } = guardWithoutServer(
    {
      fetch: () => {
        throw error
      },
    },
    'https://service.test',
  )
  expect(await rejection(fetch('https://service.test'))).toBe(error)
  expect(verdicts(breaker)).toMatchObject({ ignored: 1, active: 0 })
})

test('uses the global fetch of the time of the call', async () => {
  const { fetch } = guardWithoutServer({}, 'https://service.test')
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  const patched = new Response('patched')
  globalThis.fetch = () => Promise.resolve(patched)
  expect(await fetch('https://service.test')).toBe(patched)
})

test('can take the place of the global fetch', async () => {
  const { server, fetch, breaker } = await guard()
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  globalThis.fetch = fetch
  const response = await globalThis.fetch(server.url)
  expect(await response.text()).toBe('ok')
  expect(verdicts(breaker)).toMatchObject({ success: 1, active: 0 })
})

test('does not call itself for ever when something else is laid over it', async () => {
  const { server, fetch, breaker } = await guard()
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  let calls = 0
  // As tracing tools do.
  globalThis.fetch = (...request) => (++calls > 10 ? Promise.reject(new Error('it does')) : fetch(...request))
  const response = await globalThis.fetch(server.url)
  expect(await response.text()).toBe('ok')
  expect(server.requests).toHaveLength(1)
  expect(verdicts(breaker)).toMatchObject({ success: 1, active: 0 })
})

test.each<[how: string, over: (under: typeof fetch) => typeof fetch]>([
  [
    'that waits first',
    (under) =>
      async (...request) =>
        Promise.resolve().then(() => under(...request)),
  ],
  ['that makes a Request', (under) => (input, init) => under(new Request(input, init))],
])('nor when something %s is laid over it', async (_how, over) => {
  const { server, fetch, breaker } = await guard()
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  globalThis.fetch = fetch
  await (await globalThis.fetch(server.url)).text()
  let calls = 0
  const overIt = over(fetch)
  globalThis.fetch = (...request) => (++calls > 10 ? Promise.reject(new Error('it does')) : overIt(...request))
  expect(await (await globalThis.fetch(server.url)).text()).toBe('ok')
  expect({ calls, ...verdicts(breaker) }).toMatchObject({ calls: 1, success: 2, active: 0 })
})

test('two of them that take the place of the global fetch one after the other count a request once', async () => {
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  globalThis.fetch = async () => new Response('ok')
  const registry = new CircuitBreakerRegistry()
  globalThis.fetch = breakerFetch({ registry, name: 'first' })
  globalThis.fetch = breakerFetch({ registry, name: 'second' })
  expect(await (await globalThis.fetch('https://service.test')).text()).toBe('ok')
  for (const name of ['first', 'second']) {
    expect(verdicts(registry.keyed(name).for('https://service.test'))).toMatchObject({ success: 1, active: 0 })
  }
})

test('is seen to be the global fetch before it is called', async () => {
  const { server } = await guard()
  const platformFetch = globalThis.fetch
  onTestFinished(() => void (globalThis.fetch = platformFetch))
  const registry = new CircuitBreakerRegistry()
  const fetch = (globalThis.fetch = breakerFetch({ registry }))
  await Promise.resolve()
  let calls = 0
  globalThis.fetch = async (...request) => {
    if (++calls > 10) throw new Error('it does')
    await Promise.resolve()
    return fetch(...request)
  }
  expect(await (await globalThis.fetch(server.url)).text()).toBe('ok')
  expect(calls).toBe(1)
})

test('leaves a URL that is none to fetch, whose own error it gives', async () => {
  const { fetch, registry } = guardWithoutServer({}, 'https://service.test')
  const theirs = await rejection(globalThis.fetch('not a url'))
  expect(await rejection(fetch('not a url'))).toEqual(theirs)
  expect([...registry.keyed('fetch')]).toHaveLength(1)
})

test('follows redirects under the origin that was asked for', async () => {
  const { server, fetch, breaker } = await guard()
  server.next(answer({ status: 302, headers: { location: '/there' } }))
  const response = await fetch(`${server.url}/here`)
  expect(response).toMatchObject({ redirected: true, url: `${server.url}/there` })
  expect(await response.text()).toBe('ok')
  expect(verdicts(breaker)).toMatchObject({ success: 1 })
})

test('survives what tests put in the place of a response', async () => {
  const body = new Blob(['{}']).stream()
  const double = Object.freeze({ status: 200, body, json: () => Promise.resolve({ a: 1 }) }) as unknown as Response
  const { fetch, breaker } = guardWithoutServer({ fetch: () => Promise.resolve(double) }, 'https://service.test')
  const response = await fetch('https://service.test')
  expect(response).toBe(double)
  expect(await response.json()).toEqual({ a: 1 })
  expect(verdicts(breaker)).toMatchObject({ success: 1, active: 0 })
})

test.each<[what: string, double: unknown, verdict: string]>([
  ['nothing', undefined, 'success'],
  ['a failed status and no headers', { ok: false, status: 503 }, 'failure'],
  [
    'methods that cannot be replaced',
    Object.defineProperty(new Response('x'), 'text', { value: () => 'x' }),
    'success',
  ],
])('a response double with %s reaches the caller, and settles its permit', async (_what, double, verdict) => {
  const { fetch, breaker } = guardWithoutServer(
    { fetch: () => Promise.resolve(double as Response) },
    'https://service.test',
  )
  expect(await fetch('https://service.test')).toBe(double)
  expect(breaker.status().totals).toMatchObject({ [verdict]: 1, active: 0 })
})

import { breakerFetch, withFetchOptions } from '@switchgear/adapters/fetch'
import { withRateLimitOptions } from '@switchgear/adapters/rate-limit'
import { CircuitBreakerConfigError, CircuitBreakerRegistry, CircuitTimeoutError } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { answer, neverAnswer } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, guardWithoutServer } from './guard.ts'

const down = answer({ status: 503, body: '' })

test('a call may have a time limit of its own', async () => {
  const { server, clock, fetch } = await guard({ timeoutMs: 60_000 })
  server.always(neverAnswer())
  const call = rejection(fetch(server.url, withFetchOptions({ timeoutMs: 500 })))
  await server.received(1)
  clock.advance(500)
  expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT', timeoutMs: 500 })
})

test('or none', async () => {
  const { server, clock, fetch } = await guard({ timeoutMs: 500 })
  await (await fetch(server.url, withFetchOptions({ timeoutMs: Infinity }))).text()
  expect(clock.timers).toBe(0)
})

test('a call may be sent once where others are sent again, and again where others are not', async () => {
  const retrying = await guard({ retry: { random: () => 0 } })
  retrying.server.always(down)
  await retrying.fetch(retrying.server.url, withFetchOptions({ retry: false }))
  expect(retrying.server.requests).toHaveLength(1)
  await retrying.fetch(retrying.server.url, withFetchOptions({ retry: { maxRetries: 1 } }))
  expect(retrying.server.requests).toHaveLength(3)
  const plain = await guard()
  plain.server.next(down)
  const call = withFetchOptions({ retry: { baseBackoffMs: 0, methods: ['POST'] } }, { method: 'POST' })
  expect((await plain.fetch(plain.server.url, call)).status).toBe(200)
})

test('a call may say what comes of it while the breaker is open', async () => {
  const { fetch, breaker } = guardWithoutServer({}, 'https://service.test')
  breaker.trip({ reason: 'test' })
  const stale = new Response('from the cache')
  expect(await fetch('https://service.test', withFetchOptions({ onOpen: () => stale }))).toBe(stale)
  expect(await rejection(fetch('https://service.test'))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
})

test('a call may have a verdict of its own', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ status: 404, body: '' }))
  await fetch(server.url, withFetchOptions({ classify: () => 'failure' }))
  server.always(neverAnswer())
  const init = withFetchOptions({ callerTimeout: 'ignored' }, { signal: AbortSignal.timeout(1) })
  await rejection(fetch(server.url, init))
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 1, ignored: 1, active: 0 })
})

test('the rest of init is copied, also from a Request in its place, and sent', async () => {
  const { server, fetch } = await guard()
  const init = Object.freeze({ method: 'PUT', headers: { 'x-a': '1' } })
  const options = Object.freeze({ timeoutMs: 60_000 })
  await fetch(server.url, withFetchOptions(options, init))
  await fetch(server.url, withFetchOptions({}, new Request(server.url, { method: 'DELETE', headers: { 'x-a': '2' } })))
  await fetch(new Request(server.url, { method: 'PATCH', headers: { 'x-a': '3' } }), withFetchOptions({}))
  expect(server.requests.map(({ method, headers }) => [method, headers['x-a']])).toEqual([
    ['PUT', '1'],
    ['DELETE', '2'],
    ['PATCH', '3'],
  ])
})

test('any other fetch takes no notice, and a copy of init keeps it', async () => {
  const { server, fetch, breaker } = await guard()
  const init = withFetchOptions({ onOpen: 'respond' })
  expect((await globalThis.fetch(server.url, init)).status).toBe(200)
  breaker.trip({ reason: 'test' })
  expect((await fetch(server.url, { ...init, method: 'PUT' })).status).toBe(503)
})

test('options for another adapter on the way stay in init, also where there is a time limit', async () => {
  const inits: object[] = []
  const { fetch } = guardWithoutServer(
    {
      timeoutMs: 60_000,
      fetch: async (_input, init) => {
        inits.push(init ?? {})
        return new Response()
      },
    },
    'https://service.test',
  )
  const init = withRateLimitOptions({ maxRetries: 0 }, withFetchOptions({ retry: false }))
  expect(Object.getOwnPropertySymbols(init)).toHaveLength(2)
  await fetch('https://service.test', init)
  expect(Object.getOwnPropertySymbols(inits[0])).toHaveLength(2)
})

test.each<[options: Record<string, unknown>, message: string]>([
  [{ timeout: 500 }, 'timeout is 500; allowed: did you mean timeoutMs?'],
  [{ timeoutMs: -1 }, 'timeoutMs is -1; allowed: a number of ms, 0 or more'],
  [{ retry: 3 }, 'retry is 3; allowed: true, false or an object'],
  [{ retry: { maxRetries: -1 } }, 'retry.maxRetries is -1; allowed: a whole number, 0 or more, or Infinity'],
  [{ retry: { methods: 'GET' } }, 'retry.methods is "GET"; allowed: a list of methods'],
  [{ retry: { budget: false } }, 'retry.budget is false; allowed: no option of this name'],
  [{ trip: {} }, 'trip is an object; allowed: no option of this name'],
])('%j is refused where it is written', (options, message) => {
  const create = (): unknown => withFetchOptions(options)
  expect(create).toThrow(CircuitBreakerConfigError)
  expect(create).toThrow(message)
})

test('what a registry says for all its breakers holds here: time limit, verdict and clock', async () => {
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1) })
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { timeoutMs: 700, classify: ({ value }) => (value instanceof Response ? 'ignored' : undefined) },
  })
  const { server } = await guard()
  const fetch = breakerFetch({ registry })
  const breaker = registry.keyed('fetch').for(server.url)
  await (await fetch(server.url)).text()
  expect(verdicts(breaker)).toMatchObject({ ignored: 1 })
  server.always(neverAnswer())
  const call = rejection(fetch(server.url))
  await server.received(2)
  clock.advance(700)
  expect(await call).toBeInstanceOf(CircuitTimeoutError)
  expect(verdicts(breaker)).toMatchObject({ failure: 1 })
})

test('what a function says for itself comes before it', async () => {
  const registry = new CircuitBreakerRegistry({ defaults: { timeoutMs: 0, classify: () => 'failure' } })
  const { server } = await guard()
  const fetch = breakerFetch({ registry, timeoutMs: 60_000, classify: () => 'success' })
  await (await fetch(server.url)).text()
  expect(verdicts(registry.keyed('fetch').for(server.url))).toMatchObject({ success: 1, failure: 0 })
})

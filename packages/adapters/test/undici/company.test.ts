import { CircuitBreakerRegistry, isCircuitOpenError } from '@switchgear/core'
import { breakerInterceptor } from '@switchgear/adapters/undici'
import { answer, cutBody, resetBeforeHeaders } from '@switchgear/testkit'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, versions } from './guard.ts'

describe.each(versions)('%s:', (version, undici) => {
  const { retry, cache, redirect, dump, responseError, dns, decompress } = undici.interceptors

  test('with retries outside, the breaker sees each of them, and its opening ends them', async () => {
    const guarded = await guard(undici, {}, { outside: [retry({ maxRetries: 10, minTimeout: 1, timeoutFactor: 1 })] })
    guarded.server.always(answer({ status: 500 }))
    expect(isCircuitOpenError(await rejection(guarded.get()))).toBe(true)
    expect(guarded.server.requests).toHaveLength(5)
    expect(verdicts(guarded.breaker)).toEqual({ success: 0, failure: 5, ignored: 0, active: 0 })
  })

  test('with retries outside, a request that succeeds in the end is a failure and a success', async () => {
    const guarded = await guard(undici, {}, { outside: [retry({ minTimeout: 1 })] })
    guarded.server.next(answer({ status: 503 }))
    expect(await guarded.get()).toEqual({ statusCode: 200, body: 'ok' })
    expect(verdicts(guarded.breaker)).toEqual({ success: 1, failure: 1, ignored: 0, active: 0 })
  })

  test('with retries outside, a download that breaks is resumed: a failure and a success', async () => {
    const errorCodes = ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH']
    const guarded = await guard(undici, {}, { outside: [retry({ minTimeout: 1, errorCodes })] })
    guarded.server.next(cutBody({ headers: { etag: '"a"' } }))
    const rest = 'x'.repeat(1_000 - 'the first part'.length)
    const range = { 'content-range': `bytes 14-999/1000`, 'content-length': rest.length, etag: '"a"' }
    guarded.server.always(answer({ status: 206, headers: range, body: rest }))
    expect((await guarded.get()).body).toBe(`the first part${rest}`)
    expect(verdicts(guarded.breaker)).toEqual({ success: 1, failure: 1, ignored: 0, active: 0 })
  })

  test.each([
    [500, { success: 0, failure: 1 }],
    [429, { success: 0, failure: 1 }],
    [418, { success: 1, failure: 0 }],
  ])('with retries inside that give up, their error counts by its status %i', async (status, expected) => {
    const inside = [retry({ maxRetries: 1, minTimeout: 1, statusCodes: [status] })]
    const { server, get, breaker } = await guard(undici, {}, { inside })
    server.always(answer({ status }))
    expect(await rejection(get())).toMatchObject({ code: 'UND_ERR_REQ_RETRY', statusCode: status })
    expect(verdicts(breaker)).toEqual({ ...expected, ignored: 0, active: 0 })
    expect(server.requests).toHaveLength(2)
  })

  test('with retries inside that give up, a Retry-After holds the breaker', async () => {
    const inside = [retry({ maxRetries: 0 })]
    const { server, get, breaker } = await guard(undici, {}, { inside })
    server.always(answer({ status: 503, headers: { 'retry-after': '600' } }))
    for (let i = 0; i < 5; i++) await rejection(get())
    expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 600_000 })
  })

  test('with retries inside, a request that succeeds in the end is one success', async () => {
    const { server, get, breaker } = await guard(undici, {}, { inside: [retry({ minTimeout: 1 })] })
    server.next(answer({ status: 503 }), resetBeforeHeaders())
    await get()
    expect(verdicts(breaker)).toEqual({ success: 1, failure: 0, ignored: 0, active: 0 })
  })

  test('a time limit ends retries that are inside', async () => {
    const { server, get, breaker, clock } = await guard(
      undici,
      { timeoutMs: 1_000 },
      { inside: [retry({ minTimeout: 3_600_000 })] },
    )
    server.always(answer({ status: 503 }))
    const call = rejection(get())
    await server.received(1)
    await server.drained()
    clock.advance(1_000)
    expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT' })
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 1, ignored: 0, active: 0 })
  })

  test.each([
    [404, { success: 1, failure: 0 }],
    [502, { success: 0, failure: 1 }],
  ])('an error that stands for a response of status %i counts as that does', async (status, expected) => {
    const { server, get, breaker } = await guard(undici, {}, { inside: [responseError()] })
    server.always(answer({ status }))
    expect(await rejection(get())).toMatchObject({ statusCode: status })
    expect(verdicts(breaker)).toEqual({ ...expected, ignored: 0, active: 0 })
  })

  // The cache of version 7 takes a 503 for a reason to serve what is stale, and no error.
  const waysToReject = version === 'undici 7' ? (['respond'] as const) : (['respond', 'throw'] as const)
  test.each(waysToReject)('a cache outside serves what is stale while the breaker is open (%s)', async (onOpen) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { server, get, breaker } = await guard(undici, { onOpen }, { outside: [cache()] })
    server.always(answer({ headers: { 'cache-control': 'max-age=60, stale-if-error=3600' }, body: 'rates' }))
    await get()
    breaker.trip({ reason: 'test' })
    vi.setSystemTime(Date.now() + 120_000)
    expect(await get()).toEqual({ statusCode: 200, body: 'rates' })
    expect(server.requests).toHaveLength(1)
    expect(breaker.status().rejections).toMatchObject({ open: 1 })
  })

  test('each hop of a redirect goes through the breaker of its origin', async () => {
    const guarded = await guard(undici, {}, { outside: [redirect({ maxRedirections: 1 })] })
    const other = await guard(undici)
    guarded.server.always(answer({ status: 302, headers: { location: other.server.url } }))
    expect(await guarded.get()).toEqual({ statusCode: 200, body: 'ok' })
    const families = guarded.registry.keyed('undici')
    expect([...families].map(([key]) => key)).toEqual([guarded.server.url, other.server.url])
  })

  test('names that dns() resolves inside keep their breaker', async () => {
    const { server, get, registry } = await guard(undici, {}, { inside: [dns()] })
    const origin = server.url.replace('127.0.0.1', 'localhost')
    await get({ origin })
    expect([...registry.keyed('undici')].map(([key]) => key)).toContain(origin)
  })

  test.each(['inside', 'outside'] as const)('a body that dump() %s throws away is a success', async (place) => {
    const { server, get, breaker } = await guard(undici, {}, { [place]: [dump()] })
    server.always(answer({ body: 'a'.repeat(100_000) }))
    await get()
    expect(verdicts(breaker)).toEqual({ success: 1, failure: 0, ignored: 0, active: 0 })
  })

  test('a body that does not decompress is a failure', async () => {
    const { server, get, breaker } = await guard(undici, {}, { inside: [decompress()] })
    server.always(answer({ headers: { 'content-encoding': 'gzip' }, body: 'not gzip' }))
    await rejection(get())
    expect(breaker.status().failuresByType).toEqual({ Z_DATA_ERROR: 1 })
  })

  test('a MockAgent can stand for the network', async () => {
    const agent = new undici.MockAgent()
    agent.disableNetConnect()
    agent.get('https://service.test').intercept({ path: '/' }).reply(503, 'down')
    const registry = new CircuitBreakerRegistry()
    const dispatcher = agent.compose(breakerInterceptor({ registry }))
    const { statusCode, body } = await dispatcher.request({ origin: 'https://service.test', path: '/', method: 'GET' })
    expect([statusCode, await body.text()]).toEqual([503, 'down'])
    expect(verdicts(registry.keyed('undici').for('https://service.test'))).toMatchObject({ failure: 1, active: 0 })
    await agent.close()
  })
})

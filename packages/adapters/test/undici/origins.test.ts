import { CircuitBreakerRegistry, findCircuitOpenError, getDefaultRegistry } from '@switchgear/core'
import { breakerInterceptor } from '@switchgear/adapters/undici'
import { answer } from '@switchgear/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, versions } from './guard.ts'

describe.each(versions)('%s:', (version, undici) => {
  test('each origin has a breaker of its own, named after the family and its host', async () => {
    const { get, server, breaker } = await guard(undici)
    const other = await guard(undici)
    breaker.trip({ reason: 'test' })
    expect(breaker.name).toBe(`undici:${server.host}`)
    expect(findCircuitOpenError(await rejection(get()))).toMatchObject({ breakerName: breaker.name })
    expect(await get({ origin: other.server.url })).toMatchObject({ statusCode: 200 })
  })

  test('an origin is one, however it is written', async () => {
    const { get, server, registry, breaker } = await guard(undici)
    await get({ origin: new URL(server.url) })
    await get({ origin: `${server.url}/` })
    await get({ origin: server.url.replace('http', 'HTTP') })
    expect(registry.keyed('undici').size).toBe(1)
    expect(verdicts(breaker)).toMatchObject({ success: 3 })
  })

  test('key says which breaker, by the origin and the request, and undefined goes past all', async () => {
    const seen: unknown[] = []
    const { get, server, registry } = await guard(undici, {
      key(origin, { method, path, headers }) {
        seen.push(origin.href, method, path, headers)
        return path === '/health' ? undefined : path
      },
    })
    await get({ path: '/a', headers: { 'x-tenant': 'b' } })
    await get({ path: '/health' })
    expect(seen.slice(0, 4)).toEqual([`${server.url}/`, 'GET', '/a', { 'x-tenant': 'b' }])
    expect([...registry.keyed('undici')].map(([key]) => key)).toContain('/a')
    expect(server.requests).toHaveLength(2)
    expect(registry.keyed('undici').peek('/health')).toBeUndefined()
  })

  test('an error of key is that of the request', async () => {
    const { get } = await guard(undici, {
      key() {
        throw new RangeError('no key')
      },
    })
    expect(await rejection(get())).toBeInstanceOf(RangeError)
  })

  test('what is no origin is for undici to refuse', async () => {
    const { get } = await guard(undici)
    expect(await rejection(get({ origin: 'no origin' }))).toMatchObject({
      code: expect.stringMatching(/ERR_INVALID_(ARG|URL)/),
    })
  })

  test('past maxKeys origins share a breaker', async () => {
    const { get, server, registry } = await guard(undici, { maxKeys: 1 })
    using _heard = registry.on('warning', () => {})
    const other = await guard(undici)
    server.always(answer({ status: 503 }))
    await get()
    await get({ origin: other.server.url })
    expect(registry.keyed('undici').size).toBe(1)
    expect(registry.keyed('undici').overflow?.name).toBe('undici:_OTHER')
  })

  test.each(['Client', 'Pool'] as const)('a %s says its origin, or origin does', async (kind) => {
    const { server } = await guard(undici)
    const registry = new CircuitBreakerRegistry()
    const client = new undici[kind](server.url)
    onTestFinished(() => client.destroy())
    const request = { path: '/', method: 'GET' } as const
    const alone = client.compose(breakerInterceptor({ registry }))
    if (version === 'undici 7') {
      expect(await rejection(alone.request(request))).toMatchObject({ code: 'ERR_CIRCUIT_CONFIG', option: 'origin' })
    } else {
      await (await alone.request(request)).body.text()
    }
    const told = client.compose(breakerInterceptor({ registry, origin: server.url }))
    await (await told.request(request)).body.text()
    expect(registry.keyed('undici').for(server.url).status().totals.success).toBe(version === 'undici 7' ? 1 : 2)
  })

  test('the servers of a BalancedPool are one service', async () => {
    const { server } = await guard(undici)
    const registry = new CircuitBreakerRegistry()
    const pool = new undici.BalancedPool([server.url])
    onTestFinished(() => pool.destroy())
    const told = pool.compose(breakerInterceptor({ registry, origin: 'https://payments.internal' }))
    await (await told.request({ path: '/', method: 'GET' })).body.text()
    expect(registry.keyed('undici').for('https://payments.internal').status().totals.success).toBe(1)
  })
})

test('without a registry the breakers are in that of the process', () => {
  breakerInterceptor({ name: 'of this test' })
  expect(getDefaultRegistry().keyed('of this test').size).toBe(0)
})

import { breakerFetch, type BreakerFetchOptions } from '@switchgear/adapters/fetch'
import { CircuitBreakerRegistry, getDefaultRegistry } from '@switchgear/core'
import { FlakyServer, resetBeforeHeaders } from '@switchgear/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { nextTurn } from '../waits.ts'
import { firstFailureOpens, guard, guardWithoutServer } from './guard.ts'

const failing = { ...firstFailureOpens, fetch: () => Promise.resolve(new Response(null, { status: 500 })) }

test('one origin that is down closes the way to no other', async () => {
  const { server, fetch } = await guard(firstFailureOpens)
  const other = await FlakyServer.start()
  onTestFinished(() => other[Symbol.asyncDispose]())
  server.always(resetBeforeHeaders())
  await rejection(fetch(server.url))
  expect(await rejection(fetch(server.url))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
  expect(await (await fetch(other.url)).text()).toBe('ok')
})

test('breakers are named by host and port, without path, query or credentials', async () => {
  const { fetch, registry } = guardWithoutServer(failing, 'https://service.test')
  await fetch('https://user:secret@Service.test:8443/path?token=1#top')
  expect([...registry.keyed('fetch')].map(([key, { name }]) => [key, name])).toEqual([
    ['https://service.test', 'service.test'],
    ['https://service.test:8443', 'service.test:8443'],
  ])
})

test('one host by two schemes is two origins', async () => {
  const { fetch, breaker } = guardWithoutServer(failing, 'https://service.test')
  await fetch('http://service.test')
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 0, active: 0 })
  expect(await fetch('https://service.test')).toMatchObject({ status: 500 })
})

test('requests that go to no host go through no breaker', async () => {
  const { fetch, registry } = guardWithoutServer({}, 'https://service.test')
  expect(await (await fetch('data:text/plain,hello')).text()).toBe('hello')
  expect([...registry.keyed('fetch')]).toHaveLength(1)
})

test('key names the breaker, by the URL and what the request is made with', async () => {
  const { fetch, registry } = guardWithoutServer(
    { ...failing, key: (url, init) => `${init?.method ?? 'GET'} ${url.hostname}` },
    'GET service.test',
  )
  await fetch('https://service.test/a')
  await fetch('https://service.test/b', { method: 'POST' })
  await fetch(new Request('https://service.test/c', { method: 'PUT' }))
  expect([...registry.keyed('fetch')].map(([key]) => key)).toEqual([
    'GET service.test',
    'POST service.test',
    'PUT service.test',
  ])
})

test('a key of undefined sends the request past all breakers', async () => {
  const { fetch, breaker } = guardWithoutServer({ ...failing, key: () => undefined }, 'https://service.test')
  for (let i = 0; i < 3; i++) expect(await fetch('https://service.test')).toMatchObject({ status: 500 })
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 0, active: 0 })
})

test('a key that throws rejects the request', async () => {
  const error = new Error('key is broken')
  const { fetch } = guardWithoutServer(
    {
      key: () => {
        throw error
      },
    },
    'https://service.test',
  )
  expect(await rejection(fetch('https://service.test'))).toBe(error)
})

test('beyond maxKeys origins share one breaker, and nothing that knows of failures is forgotten', async () => {
  const { fetch, registry } = guardWithoutServer({ ...failing, maxKeys: 2 }, 'https://first.test')
  const warnings: string[] = []
  registry.on('warning', ({ code }) => void warnings.push(code))
  for (const name of ['first', 'second']) await fetch(`https://${name}.test`)
  const family = registry.keyed('fetch')
  await fetch('https://third.test')
  expect(await rejection(fetch('https://fourth.test'))).toMatchObject({ breakerName: 'fetch:_OTHER' })
  expect([...family].map(([key]) => key)).toEqual(['https://first.test', 'https://second.test'])
  expect(warnings).toEqual(['keys_exhausted'])
})

test('there is room for 256 origins that all know of failures', async () => {
  const { fetch, registry } = guardWithoutServer(failing, 'https://host-0.test')
  registry.on('warning', () => {})
  for (let i = 0; i < 256; i++) await fetch(`https://host-${i}.test`)
  const family = registry.keyed('fetch')
  expect([family.size, family.overflow]).toEqual([256, undefined])
  await fetch('https://one-more.test')
  expect(family.size).toBe(256)
  expect(family.overflow?.state).toBe('open')
})

test('an origin with nothing to remember makes room for another', async () => {
  const { fetch, registry } = guardWithoutServer(
    { maxKeys: 2, fetch: () => Promise.resolve(new Response('ok')) },
    'https://first.test',
  )
  for (let i = 0; i < 20; i++) {
    await fetch(`https://host-${i}.test`)
    await nextTurn()
  }
  expect(registry.keyed('fetch').size).toBe(2)
  expect(registry.keyed('fetch').overflow).toBeUndefined()
})

test('nameOf says what origins are called in metrics and errors', async () => {
  const { fetch } = guardWithoutServer(
    { ...failing, nameOf: (key) => key.replace(/^[^.]+/, '*') },
    'https://a.shard.test',
  )
  await fetch('https://a.shard.test')
  expect(await rejection(fetch('https://a.shard.test'))).toMatchObject({ breakerName: '*.shard.test' })
})

test('what has one name shares breakers; another name has its own', async () => {
  const registry = new CircuitBreakerRegistry()
  const options = { ...failing, registry }
  await breakerFetch(options)('https://service.test')
  expect(await rejection(breakerFetch(options)('https://service.test'))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })
  expect(await breakerFetch({ ...options, name: 'other' })('https://service.test')).toMatchObject({ status: 500 })
})

test('a family with a name has it in the names of its breakers: another one may guard the same host', async () => {
  const registry = new CircuitBreakerRegistry()
  const rejectionBy = async (options: BreakerFetchOptions): Promise<unknown> => {
    const fetch = breakerFetch({ ...failing, registry, ...options })
    await fetch('https://service.test')
    return rejection(fetch('https://service.test'))
  }
  expect(await rejectionBy({})).toMatchObject({ breakerName: 'service.test' })
  expect(await rejectionBy({ name: 'search' })).toMatchObject({ breakerName: 'search:service.test' })
  expect(await rejectionBy({ name: 'keyed', key: () => 'index' })).toMatchObject({ breakerName: 'keyed:index' })
  // The first one's options hold for the family, and serve keys of any kind.
  expect(await rejectionBy({ key: () => 'index' })).toMatchObject({ breakerName: 'index' })
})

test('says so when one name is asked for with different options', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings: unknown[] = []
  registry.on('warning', (warning) => void warnings.push(warning))
  breakerFetch({ registry, openMs: 1_000 })
  // What is each function's own may differ.
  breakerFetch({ registry, openMs: 1_000, timeoutMs: 5, classify: () => undefined, onOpen: 'respond' })
  expect(warnings).toEqual([])
  breakerFetch({ registry, openMs: 2_000 })
  expect(warnings).toMatchObject([{ breaker: 'fetch', code: 'options_differ' }])
})

test('the breakers live in the registry of the process by default', async () => {
  const name = 'of the default registry'
  await breakerFetch({ name, ...failing })('https://service.test')
  expect(getDefaultRegistry().keyed(name).for('https://service.test').state).toBe('open')
  expect(getDefaultRegistry().keyed(name).for('https://service.test').status().retryAfterMs).toBeGreaterThan(290_000)
})

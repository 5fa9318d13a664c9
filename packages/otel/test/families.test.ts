import { expect, test, vi } from 'vitest'
import { type CircuitBreakerRegistry, failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { beRejected, createRegistry, fail, succeed } from './drive.ts'
import { idOf, linksOf, Telemetry } from './telemetry.ts'

const name = 'tenants'

function instrumented(): { telemetry: Telemetry; clock: ManualClock; registry: CircuitBreakerRegistry } {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  return { telemetry, clock, registry }
}

test('keyed breakers are shown as one name, added up, and no key is shown', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name)
  succeed(family.for('secret-a'), 2)
  succeed(family.for('secret-b'))
  fail(family.for('secret-c'), 2)
  family.for('secret-a').acquire()

  const collection = await telemetry.collect()

  expect(collection.value('state', { name, state: 'closed' })).toBe(2)
  expect(collection.value('state', { name, state: 'open' })).toBe(1)
  expect(collection.value('calls', { name, outcome: 'success' })).toBe(3)
  expect(collection.value('call.active', { name })).toBe(1)
  const everything = [
    collection.metrics,
    telemetry.spans().map((span) => [span.name, span.attributes]),
    telemetry.logs(),
  ]
  expect(everything.map((part) => JSON.stringify(part, withoutCycles()))).not.toContainEqual(
    expect.stringContaining('secret'),
  )
})

test('a breaker and a family of one name are added up, so that neither hides the other', async () => {
  const { telemetry, registry } = instrumented()
  succeed(registry.get(name), 2)
  succeed(registry.keyed(name).for('a'), 3)
  fail(registry.get(name), 2)

  const collection = await telemetry.collect()

  expect(collection.value('calls', { name, outcome: 'success' })).toBe(5)
  expect(collection.value('state', { name, state: 'open' })).toBe(1)
  expect(collection.value('state', { name, state: 'closed' })).toBe(1)
})

test('a family is there at 0 before its first key', async () => {
  const { telemetry, registry } = instrumented()
  registry.keyed(name)

  const collection = await telemetry.collect()

  expect(collection.value('state', { name, state: 'closed' })).toBe(0)
  expect(collection.value('calls', { name, outcome: 'success' })).toBe(0)
})

test('counters do not go down when a key is let go, or all keys of a name are', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name, { nameOf: (key) => `tenants ${key.slice(0, 2)}` })
  const successes = async (): Promise<unknown> =>
    (await telemetry.collect()).value('calls', { name: 'tenants eu', outcome: 'success' })
  succeed(family.for('eu-1'), 2)
  succeed(family.for('eu-2'), 3)
  expect(await successes()).toBe(5)

  family.delete('eu-1')
  expect(await successes()).toBe(5)
  family.delete('eu-2')
  expect(await successes()).toBe(5)
  succeed(family.for('eu-3'))
  expect(await successes()).toBe(6)
  expect((await telemetry.collect()).value('state', { name: 'tenants eu', state: 'closed' })).toBe(1)
})

test('nothing is lost that a name has counted between a collection and its being let go', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name, { nameOf: (key) => key })
  succeed(family.for('eu'), 2)
  await telemetry.collect()
  succeed(family.for('eu'), 3)
  family.delete('eu')
  fail(family.for('us'), 2)
  family.delete('us')

  const collection = await telemetry.collect()

  expect(collection.value('calls', { name: 'eu', outcome: 'success' })).toBe(5)
  expect(collection.value('calls', { name: 'us', outcome: 'failure', 'error.type': 'ServiceError' })).toBe(2)
  expect(collection.value('transitions', { name: 'us', 'transition.from': 'closed', 'transition.to': 'open' })).toBe(1)
  expect(collection.states()).toEqual({})
})

test('counters do not go down when a family has forgotten a name that comes back between two collections', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name, { nameOf: (key) => key })
  const successes = async (): Promise<unknown> =>
    (await telemetry.collect()).value('calls', { name: 'eu', outcome: 'success' })
  succeed(family.for('eu'), 5)
  expect(await successes()).toBe(5)

  family.delete('eu')
  // It keeps the sums of the last thousand names.
  for (let i = 0; i < 1_000; i++) {
    family.for(`key ${i}`)
    family.delete(`key ${i}`)
  }
  succeed(family.for('eu'))

  expect(await successes()).toBe(6)
  expect(await successes()).toBe(6)
})

test('a family that cannot be read stays what it was, and is not counted twice when it can be again', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name)
  succeed(family.for('a'), 2)
  await telemetry.collect()
  const summary = vi.spyOn(family, 'summary').mockImplementation(() => {
    throw new Error('no summary')
  })

  const during = await telemetry.collect()
  summary.mockRestore()
  succeed(family.for('a'))
  const after = await telemetry.collect()

  expect(during.value('calls', { name, outcome: 'success' })).toBe(2)
  expect(during.value('state', { name, state: 'closed' })).toBe(1)
  expect(after.value('calls', { name, outcome: 'success' })).toBe(3)
})

test('the ratios of a family are those of the breaker that is nearest to opening', async () => {
  const { telemetry, registry } = instrumented()
  const family = registry.keyed(name, {
    trip: failureRate({ threshold: 0.5, window: { calls: 10 }, minimumCalls: 4 }),
  })
  succeed(family.for('a'), 4)
  succeed(family.for('b'), 3)
  fail(family.for('b'))

  const collection = await telemetry.collect()

  expect(collection.value('failure.ratio', { name })).toBe(0.25)
  expect(collection.value('trip.ratio', { name })).toBe(0.5)
})

test('attached again after disposal, the counters of a family go on where they are', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const breaker = registry.keyed(name).for('a')
  const handle = instrumentCircuitBreakers({ registry, ...telemetry.providers })
  succeed(breaker, 2)
  handle[Symbol.dispose]()
  await telemetry.collect()

  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  succeed(breaker)

  expect((await telemetry.collect()).value('calls', { name, outcome: 'success' })).toBe(3)
})

test('each key has incidents of its own', () => {
  const { telemetry, clock, registry } = instrumented()
  const family = registry.keyed(name)
  fail(family.for('a'), 2)
  fail(family.for('b'), 2)
  clock.advance(500)
  telemetry.inSpan('request', () => beRejected(family.for('b')))
  clock.advance(500)
  succeed(family.for('a'))

  const [tripA, tripB, ...rest] = telemetry.spans('circuit_breaker.transition').map(idOf)
  const [rejection] = telemetry.spans('circuit_breaker.reject')
  expect(rejection && linksOf(rejection)).toEqual([{ to: 'incident', ...tripB }])
  expect(rest.map(({ traceId }) => traceId)).toEqual([tripA?.traceId, tripA?.traceId])
})

test('two families whose breakers have one name and one key have incidents of their own', () => {
  const { telemetry, clock, registry } = instrumented()
  const nameOf = (): string => 'api.example'
  const [one, other] = ['orders', 'refunds'].map((family) => registry.keyed(family, { nameOf }).for('a'))
  if (one === undefined || other === undefined) throw new Error('no breakers')
  fail(one, 2)
  fail(other, 2)
  telemetry.inSpan('request', () => beRejected(one))
  clock.advance(1_000)
  succeed(one)

  const [tripOne, tripOther, ...rest] = telemetry.spans('circuit_breaker.transition').map(idOf)
  expect(tripOne?.traceId).not.toBe(tripOther?.traceId)
  expect(linksOf(telemetry.span('circuit_breaker.reject api.example'))).toEqual([{ to: 'incident', ...tripOne }])
  expect(linksOf(telemetry.span('circuit_breaker.probe api.example'))).toEqual([{ to: 'incident', ...tripOne }])
  expect(rest.map(({ traceId }) => traceId)).toEqual([tripOne?.traceId, tripOne?.traceId])
})

test('the time in a state does not go down by a rounding error when a key is let go', async () => {
  const { telemetry, clock, registry } = instrumented()
  const family = registry.keyed(name)
  const openFor = (key: string, ms: number): void => {
    fail(family.for(key), 2)
    clock.advance(ms)
    family.for(key).reset()
  }
  const timeOpen = async (): Promise<number> =>
    Number((await telemetry.collect()).value('state.time', { name, state: 'open' }))
  const times = Array.from({ length: 40 }, (_, index) => [`key ${index}`, ((index * 7) % 40) + 0.1 * index] as const)
  for (const [key, ms] of times) openFor(key, ms)

  let before = await timeOpen()
  for (const [key] of times.toReversed()) {
    family.delete(key)
    const now = await timeOpen()
    // Prometheus would take a counter that is lower by the last bit for one that began again from 0.
    expect(now).toBeGreaterThanOrEqual(before)
    before = now
  }
})

/** For JSON: spans and logs know their resource and scope, which lead back to them. */
function withoutCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set()
  return (_, value) => {
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return undefined
    seen.add(value)
    return value
  }
}

import { expect, test } from 'vitest'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, fail, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

test('shows so many breaker names, and adds up all further breakers as _OTHER', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, maxNames: 2 })
  for (const name of ['a', 'b', 'c', 'd']) succeed(registry.get(name))
  fail(registry.get('a'), 2)
  fail(registry.get('d'), 1)

  const collection = await telemetry.collect()

  const names = collection.points('circuit_breaker.state').map(({ attributes }) => attributes['circuit_breaker.name'])
  expect(new Set(names)).toEqual(new Set(['a', 'b', '_OTHER']))
  expect(collection.value('calls', { name: '_OTHER', outcome: 'success' })).toBe(2)
  expect(collection.value('state', { name: '_OTHER', state: 'closed' })).toBe(2)
  expect(collection.value('trip.ratio', { name: '_OTHER' })).toBe(0.5)
})

test('spans and logs show the same names as metrics', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, maxNames: 1 })
  registry.get('a')
  await telemetry.collect()

  fail(registry.get('b'), 2)
  fail(registry.get('a'), 2)

  expect(telemetry.spans().map(({ name }) => name)).toEqual([
    'circuit_breaker.transition _OTHER',
    'circuit_breaker.transition a',
  ])
  expect(telemetry.logs().map(({ attributes }) => attributes['circuit_breaker.name'])).toEqual(['_OTHER', 'a'])
})

test('by default no metric comes to the limit of 2,000 series, whatever breakers do', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  for (let i = 0; i < 150; i++) {
    const breaker = registry.get(`breaker ${i}`)
    for (let type = 0; type < 15; type++) {
      breaker.acquire().failure(undefined, { type: `Type${i}_${type}` })
      breaker.reset()
    }
    const overrides = [() => breaker.forceOpen({ reason: 'test' }), () => breaker.disable({ reason: 'test' })]
    for (const override of [...overrides, ...overrides]) override()
    breaker.trip({ reason: 'test' })
  }

  const collection = await telemetry.collect()

  const sizes = collection.metrics.map(({ dataPoints }) => dataPoints.length)
  expect(Math.max(...sizes)).toBeLessThan(2_000)
  expect(JSON.stringify(collection.metrics)).not.toContain('otel.metric.overflow')
})

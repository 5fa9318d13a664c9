import { expect, test } from 'vitest'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const name = 'payments'

test('an error type that may hold a message, a URL or a key is not shown', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get(name).acquire().failure(undefined, { type: 'GET https://user:secret@example.com/?key=1 failed' })

  const collection = await telemetry.collect()

  expect(collection.value('calls', { name, outcome: 'failure', 'error.type': '_OTHER' })).toBe(1)
  expect(JSON.stringify(collection.metrics)).not.toContain('example.com')
})

test('shows at most ten error types of a breaker; further ones are _OTHER', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  for (let i = 0; i < 15; i++) {
    breaker.acquire().failure(undefined, { type: `Type${i}` })
    breaker.reset()
  }

  const points = (await telemetry.collect()).points('circuit_breaker.calls')
  const failures = points.filter(({ attributes }) => attributes['circuit_breaker.outcome'] === 'failure')
  expect(failures).toHaveLength(11)
  expect(failures.find(({ attributes }) => attributes['error.type'] === '_OTHER')?.value).toBe(5)
})

import { expect, test } from 'vitest'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, fail } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const name = 'payments'

test('records the duration of each call in seconds, by outcome, late ones included', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers, callDuration: true })
  const breaker = registry.get(name)

  const [success, failure, ignored, late] = [breaker.acquire(), breaker.acquire(), breaker.acquire(), breaker.acquire()]
  clock.advance(30)
  success.success()
  failure.failure()
  ignored.ignore()
  fail(breaker)
  clock.advance(4_000)
  late.success()

  const collection = await telemetry.collect()
  const duration = (outcome: string): unknown => collection.value('call.duration', { name, outcome })
  expect(duration('success')).toMatchObject({ count: 2, sum: expect.closeTo(4.06), min: 0.03, max: 4.03 })
  expect(duration('failure')).toMatchObject({ count: 2, sum: expect.closeTo(0.03) })
  expect(duration('ignored')).toMatchObject({ count: 1, sum: expect.closeTo(0.03) })
  expect(duration('success')).toMatchObject({
    buckets: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  })
})

test('is not there unless asked for', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  fail(registry.get(name))

  expect((await telemetry.collect()).points('circuit_breaker.call.duration')).toEqual([])
})

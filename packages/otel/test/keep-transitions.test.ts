import { ParentBasedSampler, AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers, keepTransitions } from '@switchgear/otel'
import { beRejected, createRegistry, fail, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

test('keeps every transition span, also under a parent that is not sampled, and leaves other spans to the inner sampler', () => {
  const inner = new ParentBasedSampler({ root: new AlwaysOffSampler() })
  const telemetry = new Telemetry({ sampler: keepTransitions(inner) })
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get('payments')

  telemetry.inSpan('request', () => {
    fail(breaker, 2)
    beRejected(breaker)
    clock.advance(1_000)
    succeed(breaker)
  })

  expect(telemetry.spans().map(({ attributes }) => attributes['circuit_breaker.transition.to'])).toEqual([
    'open',
    'half_open',
    'closed',
  ])
})

test('says what it wraps', () => {
  expect(keepTransitions(new AlwaysOffSampler()).toString()).toBe('KeepTransitions{AlwaysOffSampler}')
})

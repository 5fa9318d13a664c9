import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, fail, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const name = 'payments'

test('each transition is a log event; opening is a warning', () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock({ wallNow: 1_700_000_000_000 })
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  fail(breaker, 2)
  clock.advance(1_000)
  succeed(breaker)

  const logs = telemetry.logs()
  expect(logs.map(({ eventName, severityText, body }) => [eventName, severityText, body])).toEqual([
    ['circuit_breaker.transition', 'WARN', 'payments: closed -> open (consecutive_failures)'],
    ['circuit_breaker.transition', 'INFO', 'payments: open -> half_open (open_elapsed)'],
    ['circuit_breaker.transition', 'INFO', 'payments: half_open -> closed (probes_succeeded)'],
  ])
  expect(logs[0]?.hrTime).toEqual([1_700_000_000, 0])
  expect(logs[0]?.attributes).toEqual(telemetry.spans('circuit_breaker.transition')[0]?.attributes)
})

test('a log event carries the ids of the call that caused the transition, also when its span is not sampled', () => {
  const telemetry = new Telemetry({ sampler: new AlwaysOffSampler() })
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })

  const traceId = telemetry.tracer.startActiveSpan('request', (span) => {
    fail(registry.get(name), 2)
    return span.spanContext().traceId
  })

  expect(telemetry.spans()).toEqual([])
  expect(telemetry.logs().map(({ spanContext }) => spanContext?.traceId)).toEqual([traceId])
})

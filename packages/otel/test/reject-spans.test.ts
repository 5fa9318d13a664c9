import { SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { ManualClock } from '@switchgear/core/testing'
import { type InstrumentOptions, instrumentCircuitBreakers } from '@switchgear/otel'
import { beRejected, createRegistry, fail } from './drive.ts'
import { idOf, linksOf, Telemetry } from './telemetry.ts'

const name = 'payments'

function openBreaker(options: InstrumentOptions = {}): {
  telemetry: Telemetry
  clock: ManualClock
  reject: (times?: number) => void
} {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, clock, ...telemetry.providers, ...options })
  const breaker = registry.get(name, { openMs: 60_000 })
  fail(breaker, 2)
  return { telemetry, clock, reject: (times) => telemetry.inSpan('request', () => beRejected(breaker, times)) }
}

test('a rejected call is a span under that of its caller, an error, with a link to the incident', () => {
  const { telemetry, clock, reject } = openBreaker()
  clock.advance(48_000)

  reject()

  const span = telemetry.span(`circuit_breaker.reject ${name}`)
  expect(span.parentSpanContext?.spanId).toBe(idOf(telemetry.span('request')).spanId)
  expect(linksOf(span)).toEqual([{ to: 'incident', ...idOf(telemetry.span(`circuit_breaker.transition ${name}`)) }])
  expect(span.status.code).toBe(SpanStatusCode.ERROR)
  expect(span.events).toEqual([])
  expect(span.attributes).toEqual({
    'circuit_breaker.name': name,
    'circuit_breaker.state': 'open',
    'circuit_breaker.outcome': 'rejected',
    'circuit_breaker.rejection.reason': 'open',
    'circuit_breaker.retry_after': 12,
    'error.type': 'CircuitOpenError',
  })
})

test('there is no span for a rejection where no span is recording', () => {
  const telemetry = new Telemetry({ sampler: new AlwaysOnSampler() })
  const unsampled = new Telemetry({ sampler: new AlwaysOffSampler() })
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  fail(breaker, 2)

  beRejected(breaker)
  unsampled.inSpan('request', () => beRejected(breaker))

  expect(telemetry.spans('circuit_breaker.reject')).toEqual([])
})

test('of a storm of rejections twenty a second have a span, and the next one says how many had none', () => {
  const { telemetry, clock, reject } = openBreaker()
  const rejections = (): (number | undefined)[] =>
    telemetry
      .spans('circuit_breaker.reject')
      .map(({ attributes }) => attributes['circuit_breaker.rejections.suppressed'] as number | undefined)

  reject(1_000)
  expect(rejections()).toEqual(Array(20).fill(undefined))

  clock.advance(50)
  reject(2)
  expect(rejections().slice(20)).toEqual([980])

  clock.advance(50)
  reject()
  expect(rejections().slice(21)).toEqual([1])

  clock.advance(20_000)
  reject(1_000)
  expect(rejections().slice(22)).toHaveLength(20)
})

test('the limit can be set, and is one for each breaker', () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, clock: new ManualClock(), ...telemetry.providers, rejectSpansPerSecond: 3 })
  for (const breaker of [registry.get('a'), registry.get('b')]) {
    fail(breaker, 2)
    telemetry.inSpan('request', () => beRejected(breaker, 10))
  }

  expect(telemetry.spans('circuit_breaker.reject a')).toHaveLength(3)
  expect(telemetry.spans('circuit_breaker.reject b')).toHaveLength(3)
})

test('with a limit of 0 there are none', () => {
  const { telemetry, reject } = openBreaker({ rejectSpansPerSecond: 0 })

  reject()

  expect(telemetry.spans('circuit_breaker.reject')).toEqual([])
})

test('a call that is only observed is not rejected and has no such span', () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name, { mode: 'observe' })
  fail(breaker, 2)

  telemetry.inSpan('request', () => fail(breaker))

  expect(breaker.status().wouldReject.open).toBe(1)
  expect(telemetry.spans('circuit_breaker.reject')).toEqual([])
})

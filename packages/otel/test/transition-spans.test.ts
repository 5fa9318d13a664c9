import { SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, fail, ServiceError, succeed } from './drive.ts'
import { idOf, linksOf, Telemetry, timesOf } from './telemetry.ts'

const name = 'payments'
const NOON = 1_700_000_000_000

function set(): { telemetry: Telemetry; clock: ManualClock; registry: ReturnType<typeof createRegistry> } {
  const telemetry = new Telemetry()
  const clock = new ManualClock({ wallNow: NOON })
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  return { telemetry, clock, registry }
}

test('an incident is one trace: the trip its root, each later transition a child as long as the state it leaves', () => {
  const { telemetry, clock, registry } = set()
  const breaker = registry.get(name)
  clock.advance(60_000)
  fail(breaker, 2)
  clock.advance(1_500)
  const failing = breaker.acquire()
  clock.advance(40)
  failing.failure()
  clock.advance(1_000)
  const probe = breaker.acquire()
  clock.advance(30)
  probe.success()

  const spans = telemetry.spans('circuit_breaker.transition')
  const [trip] = spans
  expect(spans.map(({ attributes }) => attributes['circuit_breaker.transition.to'])).toEqual([
    'open',
    'half_open',
    'open',
    'half_open',
    'closed',
  ])
  expect(new Set(spans.map((span) => idOf(span).traceId)).size).toBe(1)
  const root = trip && idOf(trip).spanId
  expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([undefined, root, root, root, root])
  const at = NOON + 60_000
  expect(spans.map(timesOf)).toEqual([
    { start: at, end: at },
    { start: at, end: at + 1_500 },
    { start: at + 1_500, end: at + 1_540 },
    { start: at + 1_540, end: at + 2_540 },
    { start: at + 2_540, end: at + 2_570 },
  ])
})

test('times are those of the clock, also of one that begins at 0', () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })

  clock.advance(5)
  fail(registry.get(name), 2)

  expect(timesOf(telemetry.span(`circuit_breaker.transition ${name}`))).toEqual({ start: 5, end: 5 })
})

test('each span is exported when its transition happens, and not at the end of the incident', () => {
  const { telemetry, clock, registry } = set()
  const breaker = registry.get(name)

  fail(breaker, 2)
  expect(telemetry.spans()).toHaveLength(1)
  clock.advance(1_000)
  breaker.acquire()
  expect(telemetry.spans()).toHaveLength(2)
})

test('opening is an error, other transitions are not', () => {
  const { telemetry, clock, registry } = set()
  const breaker = registry.get(name)
  fail(breaker, 2)
  clock.advance(1_000)
  succeed(breaker)

  const spans = telemetry.spans('circuit_breaker.transition')
  expect(spans.map(({ status }) => status.code)).toEqual([
    SpanStatusCode.ERROR,
    SpanStatusCode.UNSET,
    SpanStatusCode.UNSET,
  ])
})

test('the trip is a new root, whatever span is active, and links to the call that caused it', async () => {
  const { telemetry, registry } = set()
  const breaker = registry.get(name)
  fail(breaker)

  await telemetry.inSpan('request', () =>
    breaker.execute(() => Promise.reject(new ServiceError('down'))).catch(() => {}),
  )

  const trip = telemetry.span(`circuit_breaker.transition ${name}`)
  const request = idOf(telemetry.span('request'))
  expect(trip.parentSpanContext).toBeUndefined()
  expect(idOf(trip).traceId).not.toBe(request.traceId)
  expect(linksOf(trip)).toEqual([{ to: 'trigger', ...request }])
})

test('a transition that a probe caused links to the span of that probe', () => {
  const { telemetry, clock, registry } = set()
  const breaker = registry.get(name)
  fail(breaker, 2)
  clock.advance(1_000)

  telemetry.inSpan('request', () => succeed(breaker))

  const closed = telemetry.spans(`circuit_breaker.transition`).at(-1)
  expect(closed && linksOf(closed)).toEqual([
    { to: 'trigger', ...idOf(telemetry.span(`circuit_breaker.probe ${name}`)) },
  ])
})

test('does not link to a span that is not sampled', () => {
  const { telemetry, registry } = set()
  const unsampled = new Telemetry({ sampler: new AlwaysOffSampler() })

  unsampled.inSpan('request', () => fail(registry.get(name), 2))

  expect(telemetry.span(`circuit_breaker.transition ${name}`).links).toEqual([])
})

test('closing ends the incident: the next trip is the root of another trace', () => {
  const { telemetry, registry } = set()
  const breaker = registry.get(name)

  for (let i = 0; i < 2; i++) {
    fail(breaker, 2)
    breaker.reset()
  }

  const spans = telemetry.spans()
  expect(spans.map(({ parentSpanContext }) => parentSpanContext === undefined)).toEqual([true, false, true, false])
  expect(new Set(spans.map((span) => idOf(span).traceId)).size).toBe(2)
})

test('the incidents of two breakers are two traces', () => {
  const { telemetry, clock, registry } = set()
  fail(registry.get('a'), 2)
  fail(registry.get('b'), 2)
  clock.advance(1_000)
  succeed(registry.get('a'))
  succeed(registry.get('b'))

  const traces = new Set(
    telemetry.spans('circuit_breaker.transition').map((span) => `${span.name} ${idOf(span).traceId}`),
  )
  expect(traces.size).toBe(2)
})

test('a breaker that takes the name of one deleted while open begins its own incident', () => {
  const { telemetry, registry } = set()
  fail(registry.get(name), 2)
  registry.delete(name)
  fail(registry.get(name), 2)

  expect(telemetry.spans().map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined])
})

test('attached while a breaker is open, the next transition is the root of what is left of the incident', () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock({ wallNow: NOON })
  const registry = createRegistry(clock)
  const breaker = registry.get(name)
  fail(breaker, 2)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })

  clock.advance(1_000)
  succeed(breaker)

  const [probing, closed] = telemetry.spans('circuit_breaker.transition')
  expect(probing?.parentSpanContext).toBeUndefined()
  expect(closed?.parentSpanContext?.spanId).toBe(probing && idOf(probing).spanId)
})

test('says why: the trigger, the numbers that decided, and the type of the last failure', () => {
  const { telemetry, clock, registry } = set()
  const breaker = registry.get(name, {
    trip: failureRate({ threshold: 0.5, window: { calls: 10 }, minimumCalls: 4 }),
  })
  succeed(breaker)
  clock.advance(12_500)
  fail(breaker, 3)

  expect(telemetry.span(`circuit_breaker.transition ${name}`).attributes).toEqual({
    'circuit_breaker.name': name,
    'circuit_breaker.transition.from': 'closed',
    'circuit_breaker.transition.to': 'open',
    'circuit_breaker.transition.trigger': 'failure_rate',
    'circuit_breaker.transition.dwell_time': 12.5,
    'circuit_breaker.trip.policy': 'failure_rate',
    'circuit_breaker.trip.threshold': 0.5,
    'circuit_breaker.trip.value': 0.75,
    'circuit_breaker.window.calls': 4,
    'error.type': 'ServiceError',
  })
})

test('gives the type of a failure that was no error, and none where an operator has tripped the breaker', () => {
  const { telemetry, registry } = set()
  const breaker = registry.get(name)
  for (let i = 0; i < 2; i++) breaker.acquire().failure(undefined, { type: '503' })
  breaker.reset()
  breaker.trip({ reason: 'test' })

  expect(telemetry.spans().map(({ attributes }) => attributes['error.type'])).toEqual(['503', undefined, undefined])
})

test('shows no message of an error and no words of an operator', () => {
  const { telemetry, registry } = set()
  const breaker = registry.get(name)
  fail(breaker, 2, new ServiceError('https://user:secret@example.com failed'))
  breaker.forceOpen({ reason: 'ticket secret-1', actor: 'ada@example.com' })

  const shown = JSON.stringify(
    [...telemetry.spans(), ...telemetry.logs()].map((record) => [record.attributes, 'body' in record && record.body]),
  )
  expect(shown).not.toMatch(/secret|example/)
})

test('a trip policy of somebody’s own is shown by its name, unless that may be a message', () => {
  const { telemetry, registry } = set()
  const policyNamed = (policy: string): never =>
    ({
      policy,
      createTracker: () => ({ record: () => policy, readings: () => [{ policy, threshold: 1 }], clear: () => {} }),
    }) as never
  fail(registry.get('a', { trip: policyNamed('queue_length') }))
  fail(registry.get('b', { trip: policyNamed('GET https://user:secret@example.com failed') }))

  const shown = [...telemetry.spans('circuit_breaker.transition'), ...telemetry.logs()]
  expect(shown.map(({ attributes }) => attributes['circuit_breaker.transition.trigger'])).toEqual([
    'queue_length',
    '_OTHER',
    'queue_length',
    '_OTHER',
  ])
  const texts = [
    shown.map(({ attributes }) => attributes),
    telemetry.logs().map(({ body }) => body),
    telemetry.spans().map(({ status }) => status),
  ]
  expect(JSON.stringify(texts)).not.toContain('secret')
})

import { SpanStatusCode, trace } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import type { CircuitBreaker, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { type InstrumentOptions, instrumentCircuitBreakers } from '@switchgear/otel'
import { FlakyServer } from '@switchgear/testkit'
import { createRegistry, fail, ServiceError } from './drive.ts'
import { idOf, linksOf, Telemetry } from './telemetry.ts'

const name = 'payments'
const activeSpanId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId

function instrumented(options: InstrumentOptions = {}): {
  telemetry: Telemetry
  clock: ManualClock
  breaker: CircuitBreaker
  registry: CircuitBreakerRegistry
} {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, clock, ...telemetry.providers, ...options })
  return { telemetry, clock, registry, breaker: registry.get(name) }
}

/** A breaker that takes the next call as a probe. */
function dueForProbe(): ReturnType<typeof instrumented> {
  const set = instrumented()
  fail(set.breaker, 2)
  set.clock.advance(1_000)
  return set
}

test('a probe is a span under that of its caller, active while the call runs, with a link to the incident', async () => {
  const { telemetry, breaker } = dueForProbe()

  const active = await telemetry.inSpan('request', () =>
    breaker.execute(async () => {
      await Promise.resolve()
      return activeSpanId()
    }),
  )

  const probe = telemetry.span(`circuit_breaker.probe ${name}`)
  const [trip] = telemetry.spans('circuit_breaker.transition')
  expect(active).toBe(idOf(probe).spanId)
  expect(probe.parentSpanContext?.spanId).toBe(idOf(telemetry.span('request')).spanId)
  expect(linksOf(probe)).toEqual(trip && [{ to: 'incident', ...idOf(trip) }])
  expect(probe.status.code).toBe(SpanStatusCode.UNSET)
  expect(probe.attributes).toEqual({
    'circuit_breaker.name': name,
    'circuit_breaker.state': 'half_open',
    'circuit_breaker.outcome': 'success',
  })
})

test('a failed probe is an error with the type of the failure', async () => {
  const { telemetry, breaker } = dueForProbe()

  await breaker.execute(() => Promise.reject(new ServiceError('still down'))).catch(() => {})

  const probe = telemetry.span(`circuit_breaker.probe ${name}`)
  expect(probe.status).toEqual({ code: SpanStatusCode.ERROR, message: 'ServiceError' })
  expect(probe.attributes).toMatchObject({ 'circuit_breaker.outcome': 'failure', 'error.type': 'ServiceError' })
})

test('a probe that outlives its lease ends as a failure', () => {
  const { telemetry, clock, breaker } = dueForProbe()

  breaker.acquire()
  clock.advance(1_000)
  breaker.tryAcquire()

  const probe = telemetry.span(`circuit_breaker.probe ${name}`)
  expect(probe.attributes).toMatchObject({ 'circuit_breaker.outcome': 'failure', 'error.type': 'CircuitTimeoutError' })
})

test('of the calls of a ramp-up twenty a second have a span, so that they crowd out no others', () => {
  const { telemetry, clock, registry } = instrumented()
  const breaker = registry.get('refunds', { rampUp: { stepsPercent: [50], stepMs: 60_000 } })
  fail(breaker, 2)
  clock.advance(1_000)
  const callTimes = (times: number): void => {
    for (let i = 0; i < times; i++) breaker.tryAcquire()?.success()
  }

  callTimes(1_000)
  expect(telemetry.spans('circuit_breaker.probe')).toHaveLength(20)
  clock.advance(500)
  callTimes(1_000)
  expect(telemetry.spans('circuit_breaker.probe')).toHaveLength(30)
})

test('a transition links to no probe of an earlier time when its own has no span', () => {
  const { telemetry, clock, registry } = instrumented()
  const breaker = registry.get('refunds', { openMs: 10 })
  fail(breaker, 2)
  clock.advance(10)
  for (let i = 0; i < 19; i++) breaker.acquire().ignore()
  fail(breaker)
  clock.advance(10)
  fail(breaker)

  const probes = telemetry.spans('circuit_breaker.probe')
  const reopened = telemetry
    .spans('circuit_breaker.transition')
    .filter(({ status }) => status.message === 'probe_failed')
  expect(probes).toHaveLength(20)
  expect(reopened.map((span) => linksOf(span))).toEqual([[{ to: 'trigger', ...probes.map(idOf).at(-1) }], []])
})

test('what a permit runs has the span of its probe active', () => {
  const { telemetry, breaker } = dueForProbe()

  const permit = breaker.acquire()
  const active = permit.run(activeSpanId)
  permit.success()

  expect(active).toBe(idOf(telemetry.span(`circuit_breaker.probe ${name}`)).spanId)
})

test('a real request is drawn by its client under the span of the probe', async () => {
  const { telemetry, breaker } = dueForProbe()
  await using server = await FlakyServer.start()
  const undici = new UndiciInstrumentation()
  undici.setTracerProvider(telemetry.tracerProvider)
  undici.enable()
  onTestFinished(() => undici.disable())

  const status = await telemetry.inSpan('request', () =>
    breaker.execute(async () => {
      const response = await fetch(server.url)
      await response.text()
      return response.status
    }),
  )

  expect(status).toBe(200)
  const client = telemetry.span('GET')
  expect(client.parentSpanContext?.spanId).toBe(idOf(telemetry.span(`circuit_breaker.probe ${name}`)).spanId)
})

test('other calls have no span unless asked for', async () => {
  const { telemetry, breaker } = instrumented()

  await telemetry.inSpan('request', () => breaker.execute(() => 'paid'))

  expect(telemetry.spans().map((span) => span.name)).toEqual(['request'])
})

test('with callSpans each call under a recording span has one, active while it runs', async () => {
  const { telemetry, breaker } = instrumented({ callSpans: true })

  const active = await telemetry.inSpan('request', () => breaker.execute(activeSpanId))
  await breaker.execute(() => 'no span is recording')

  const call = telemetry.span(`circuit_breaker.call ${name}`)
  expect(active).toBe(idOf(call).spanId)
  expect(call.parentSpanContext?.spanId).toBe(idOf(telemetry.span('request')).spanId)
  expect(call.attributes).toEqual({
    'circuit_breaker.name': name,
    'circuit_breaker.state': 'closed',
    'circuit_breaker.outcome': 'success',
  })
})

test('a call that counts as a failure is an error', () => {
  const { telemetry, breaker } = instrumented({ callSpans: true })

  telemetry.inSpan('request', () => {
    fail(breaker)
    breaker.acquire().ignore()
  })

  const [failed, ignored] = telemetry.spans('circuit_breaker.call')
  expect(failed?.status.code).toBe(SpanStatusCode.ERROR)
  expect(ignored?.status.code).toBe(SpanStatusCode.UNSET)
  expect(ignored?.attributes['circuit_breaker.outcome']).toBe('ignored')
})

test('failures that a breaker remembers carry the id of the trace they happened in', () => {
  const { telemetry, breaker } = instrumented()

  telemetry.inSpan('request', () => fail(breaker))

  expect(breaker.status().recentFailures[0]?.traceId).toBe(idOf(telemetry.span('request')).traceId)
})

test('a tracer that throws costs no call', async () => {
  const broken = { getTracer: () => ({ startSpan: explode, startActiveSpan: explode }) }
  const { clock, breaker, registry } = instrumented({ tracerProvider: broken })
  const warnings: unknown[] = []
  registry.on('warning', ({ code }) => void warnings.push(code))

  fail(breaker, 2)
  clock.advance(1_000)

  expect(await breaker.execute(() => 'paid')).toBe('paid')
  expect(breaker.state).toBe('closed')
  expect(warnings).toEqual(['listener_threw'])
})

function explode(): never {
  throw new Error('no span')
}

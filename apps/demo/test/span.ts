import type { SpanRecord } from '../src/telemetry/span-record.ts'

/** A span for a test, of which the test says only what matters. */
export function span(given: Partial<SpanRecord> & Pick<SpanRecord, 'spanId'>): SpanRecord {
  return {
    service: 'orders',
    name: `span ${given.spanId}`,
    kind: 'internal',
    traceId: 'trace-1',
    startMs: 0,
    durationMs: 1,
    failed: false,
    attributes: {},
    links: [],
    ...given,
  }
}

/** The span of a breaker's transition. */
export function transition(
  from: string,
  to: string,
  given: Partial<SpanRecord> & Pick<SpanRecord, 'spanId'>,
): SpanRecord {
  return span({
    name: 'circuit_breaker.transition payments',
    traceId: 'incident',
    failed: to === 'open',
    attributes: { 'circuit_breaker.transition.from': from, 'circuit_breaker.transition.to': to },
    ...given,
  })
}

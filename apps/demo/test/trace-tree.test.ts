import { expect, test } from 'vitest'
import type { SpanRecord } from '../src/telemetry/span-record.ts'
import { renderTraceTree } from '../src/view/trace-tree.ts'
import { span, transition } from './span.ts'

const opening = transition('closed', 'open', { spanId: 'opening', traceId: 'abcdef0123456789' })

function render(trace: readonly SpanRecord[]): string {
  const lines = renderTraceTree(trace, {
    paint: (_style, text) => text,
    find: ({ spanId }) => (spanId === opening.spanId ? opening : undefined),
  })
  return lines.join('\n')
}

test('shows a trace across services, with the rejection and where its link leads', () => {
  const trace = [
    span({ spanId: 'a', name: 'POST /checkout', service: 'storefront', kind: 'server', durationMs: 5.25 }),
    span({
      spanId: 'b',
      parentSpanId: 'a',
      name: 'POST /orders',
      kind: 'server',
      durationMs: 1_234,
      attributes: { 'http.response.status_code': 202 },
    }),
    span({
      spanId: 'c',
      parentSpanId: 'b',
      name: 'circuit_breaker.reject payments',
      durationMs: 0.027,
      failed: true,
      attributes: { 'error.type': 'CircuitOpenError', 'circuit_breaker.outcome': 'rejected' },
      links: [{ traceId: opening.traceId, spanId: opening.spanId }],
    }),
  ]
  expect(render(trace)).toBe(
    `
POST /checkout                         storefront  server     5.3 ms
└─ POST /orders                        orders      server      1.2 s  202
   └─ circuit_breaker.reject payments  orders      internal    27 µs  ✗ CircuitOpenError
      ↳ linked to circuit_breaker.transition payments (closed → open) in orders, trace abcdef01…
`.trim(),
  )
})

test('puts siblings in the order of their start, and keeps the line to the next one beside a link', () => {
  const trace = [
    span({ spanId: 'root', name: 'root', links: [{ traceId: 'gone', spanId: 'gone' }] }),
    span({ spanId: 'late', name: 'late', parentSpanId: 'root', startMs: 9 }),
    span({ spanId: 'early', name: 'early', parentSpanId: 'root', startMs: 3 }),
    span({ spanId: 'leaf', name: 'leaf', parentSpanId: 'early', startMs: 4 }),
  ]
  expect(render(trace)).toBe(
    `
root        orders  internal   1.0 ms
│  ↳ linked to a span of trace gone, which is not here
├─ early    orders  internal   1.0 ms
│  └─ leaf  orders  internal   1.0 ms
└─ late     orders  internal   1.0 ms
`.trim(),
  )
})

test('says between which states a transition leads', () => {
  expect(render([opening])).toContain('✗ closed → open')
  expect(render([transition('half_open', 'closed', { spanId: 'x' })])).toMatch(/ half_open → closed$/)
})

test('shows a span whose parent is missing as a root', () => {
  expect(render([span({ spanId: 'orphan', name: 'orphan', parentSpanId: 'unknown' })])).toMatch(/^orphan /)
})

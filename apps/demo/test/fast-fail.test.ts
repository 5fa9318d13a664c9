import { expect, test } from 'vitest'
import { findFastFail, servicesOf } from '../src/fast-fail.ts'
import type { SpanRecord } from '../src/telemetry/span-record.ts'
import { TraceStore } from '../src/telemetry/trace-store.ts'
import { span, transition } from './span.ts'

const cause = span({ spanId: 'cause', traceId: 'cause-trace' })
const opening = transition('closed', 'open', {
  spanId: 'opening',
  links: [{ traceId: 'cause-trace', spanId: 'cause' }],
})
const closing = transition('half_open', 'closed', { spanId: 'closing', parentSpanId: 'opening' })

function rejection(traceId: string, incident = opening): SpanRecord[] {
  const { traceId: to, spanId } = incident
  return [
    span({ spanId: `${traceId}-root`, traceId, service: 'storefront' }),
    span({
      spanId: `${traceId}-reject`,
      parentSpanId: `${traceId}-root`,
      traceId,
      startMs: 1,
      name: 'circuit_breaker.reject payments',
      links: [{ traceId: to, spanId }],
    }),
  ]
}

function storeOf(...spans: SpanRecord[]): TraceStore {
  const store = new TraceStore()
  store.add(spans)
  return store
}

test('follows the links from a fast-fail to the opening and to the call that caused it', () => {
  const found = findFastFail(storeOf(cause, opening, closing, ...rejection('a')))
  expect(found?.reject.spanId).toBe('a-reject')
  expect(found?.opening).toBe(opening)
  expect(found?.incident).toEqual([opening, closing])
  expect(found?.cause).toBe(cause)
})

test('takes the newest trace that is complete', () => {
  const [, lonely] = rejection('c')
  const found = findFastFail(storeOf(opening, closing, ...rejection('a'), ...rejection('b'), lonely as SpanRecord))
  expect(found?.reject.spanId).toBe('b-reject')
})

test('prefers an incident that is over', () => {
  const later = transition('closed', 'open', { spanId: 'later', traceId: 'later' })
  const found = findFastFail(storeOf(opening, closing, later, ...rejection('a'), ...rejection('b', later)))
  expect(found?.reject.spanId).toBe('a-reject')
  expect(findFastFail(storeOf(later, ...rejection('b', later)))?.opening).toBe(later)
})

test('finds nothing without rejections, and nothing whose incident is not known', () => {
  expect(findFastFail(storeOf(opening, cause))).toBeUndefined()
  expect(findFastFail(storeOf(...rejection('a')))).toBeUndefined()
})

test('names callers before those they call, also when the clocks of their processes differ', () => {
  const trace = [
    span({ spanId: 'c', parentSpanId: 'b', service: 'payments', startMs: 3 }),
    span({ spanId: 'b', parentSpanId: 'a', service: 'orders', startMs: 1 }),
    span({ spanId: 'a', service: 'storefront', startMs: 2 }),
  ]
  expect(servicesOf(trace)).toEqual(['storefront', 'orders', 'payments'])
})

test('keeps the newest traces only', () => {
  const store = new TraceStore({ maxTraces: 2 })
  store.add(['a', 'b', 'c'].map((traceId) => span({ spanId: traceId, traceId })))
  expect(store.newest().map(([first]) => first?.traceId)).toEqual(['c', 'b'])
  expect(store.find({ traceId: 'a', spanId: 'a' })).toBeUndefined()
})

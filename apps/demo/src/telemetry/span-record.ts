import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** What the summary needs of a finished span, as plain JSON. */
export interface SpanRecord {
  readonly service: string
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  /** In ms since 1970. */
  readonly startMs: number
  readonly durationMs: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
}

const kinds = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
} as const

const keptAttributes = /^(?:circuit_breaker\.|error\.type$|http\.response\.status_code$)/

export function recordSpan(span: ReadableSpan): SpanRecord {
  const { traceId, spanId } = span.spanContext()
  return {
    service: String(span.resource.attributes['service.name']),
    name: span.name,
    kind: kinds[span.kind],
    traceId,
    spanId,
    ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
    startMs: hrTimeToMilliseconds(span.startTime),
    durationMs: hrTimeToMilliseconds(span.duration),
    failed: span.status.code === SpanStatusCode.ERROR,
    attributes: Object.fromEntries(
      Object.entries(span.attributes).filter(([name]) => keptAttributes.test(name)),
    ) as SpanRecord['attributes'],
    links: span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId })),
  }
}

/** Between which states a transition's span leads; undefined for any other span. */
export function transitionOf({ attributes }: SpanRecord): { from: string; to: string } | undefined {
  const { 'circuit_breaker.transition.from': from, 'circuit_breaker.transition.to': to } = attributes
  return typeof from === 'string' && typeof to === 'string' ? { from, to } : undefined
}

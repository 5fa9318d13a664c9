import { type SpanRecord, transitionOf } from './telemetry/span-record.ts'
import type { TraceStore } from './telemetry/trace-store.ts'

/** A call that failed fast, and the way from it to the reason. */
export interface FastFail {
  /** The trace of the call, complete. */
  readonly trace: readonly SpanRecord[]
  /** The span of the rejection, the last one of that trace. */
  readonly reject: SpanRecord
  /** Where the rejection's link leads: the opening of the breaker. */
  readonly opening: SpanRecord
  /** The trace of the opening: the incident. */
  readonly incident: readonly SpanRecord[]
  /** Where the opening's link leads: the call whose failure was the last straw. */
  readonly cause: SpanRecord | undefined
}

/** The newest fast-fail whose spans are all there; one of an incident that is over, if there is one. */
export function findFastFail(store: TraceStore): FastFail | undefined {
  let unfinished: FastFail | undefined
  for (const trace of store.newest()) {
    const found = fastFailOf(trace, store)
    if (found?.incident.some((span) => transitionOf(span)?.to === 'closed')) return found
    unfinished ??= found
  }
  return unfinished
}

/** The services of a trace, callers before those they call. Not by time: the clocks of two processes are never quite the same. */
export function servicesOf(trace: readonly SpanRecord[]): readonly string[] {
  const byId = new Map(trace.map((span) => [span.spanId, span]))
  const depthOf = ({ parentSpanId }: SpanRecord): number => {
    const parent = byId.get(parentSpanId ?? '')
    return parent === undefined ? 0 : 1 + depthOf(parent)
  }
  return [...new Set(trace.toSorted((a, b) => depthOf(a) - depthOf(b)).map(({ service }) => service))]
}

function fastFailOf(trace: readonly SpanRecord[], store: TraceStore): FastFail | undefined {
  const reject = trace.find(({ name }) => name.startsWith('circuit_breaker.reject '))
  if (reject === undefined || !isComplete(trace)) return undefined
  for (const link of reject.links) {
    const opening = store.find(link)
    if (opening === undefined) continue
    const [toCause] = opening.links
    return { trace, reject, opening, incident: store.trace(link.traceId), cause: toCause && store.find(toCause) }
  }
  return undefined
}

function isComplete(trace: readonly SpanRecord[]): boolean {
  const ids = new Set(trace.map(({ spanId }) => spanId))
  return trace.every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId))
}

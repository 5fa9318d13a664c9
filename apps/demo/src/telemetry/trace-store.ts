import type { SpanRecord } from './span-record.ts'

/** Spans of all processes by trace, in memory: the newest traces, so that a demo can run all day. */
export class TraceStore {
  readonly #traces = new Map<string, SpanRecord[]>()
  readonly #maxTraces: number

  constructor({ maxTraces = 4_000 }: { maxTraces?: number } = {}) {
    this.#maxTraces = maxTraces
  }

  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId)
      if (trace === undefined) this.#traces.set(span.traceId, [span])
      else trace.push(span)
    }
    for (const traceId of this.#traces.keys()) {
      if (this.#traces.size <= this.#maxTraces) break
      this.#traces.delete(traceId)
    }
  }

  /** Newest first. */
  newest(): readonly (readonly SpanRecord[])[] {
    return [...this.#traces.values()].toReversed()
  }

  trace(traceId: string): readonly SpanRecord[] {
    return this.#traces.get(traceId) ?? []
  }

  find({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): SpanRecord | undefined {
    return this.trace(traceId).find((span) => span.spanId === spanId)
  }
}

import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { type SpanRecord, recordSpan } from './span-record.ts'

const batchMs = 100

/** Hands finished spans on, a batch at a time, so that the demo can print them without a tracing backend. */
export class SpanRelay implements SpanProcessor {
  readonly #deliver: (spans: readonly SpanRecord[]) => void
  #batch: SpanRecord[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(deliver: (spans: readonly SpanRecord[]) => void) {
    this.#deliver = deliver
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.#batch.push(recordSpan(span))
    this.#timer ??= setTimeout(() => this.#flush(), batchMs).unref()
  }

  forceFlush(): Promise<void> {
    this.#flush()
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    return this.forceFlush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    this.#deliver(batch)
  }
}

// The only file of these tests that makes parts of the SDK: another version of it needs another one of this.
import { type Attributes, context, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { MeterProvider, type MetricData, MetricReader, type ViewOptions } from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

class OnDemandReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** A point of a collection: a number, or what a histogram has gathered. */
export interface Point {
  readonly attributes: Attributes
  readonly value: unknown
}

/** One round of reading all metrics. */
export class Collection {
  readonly errors: readonly unknown[]
  readonly scopes: readonly { readonly name: string; readonly version?: string }[]
  readonly metrics: readonly MetricData[]

  constructor(metrics: readonly MetricData[], scopes: Collection['scopes'], errors: readonly unknown[]) {
    this.metrics = metrics
    this.scopes = scopes
    this.errors = errors
  }

  points(metric: string): Point[] {
    return this.metrics
      .filter(({ descriptor }) => descriptor.name === metric)
      .flatMap(({ dataPoints }): Point[] => [...dataPoints])
  }

  /** The value of the one point with exactly these attributes, written without the prefix `circuit_breaker.`. */
  value(metric: string, attributes: Attributes): unknown {
    const expected = JSON.stringify(sorted(prefixed(attributes)))
    const found = this.points(`circuit_breaker.${metric}`).filter(
      (point) => JSON.stringify(sorted(point.attributes)) === expected,
    )
    if (found.length > 1) throw new Error(`${found.length} points of ${metric} with ${expected}`)
    return found[0]?.value
  }

  /** The state that each breaker is in, for those in one. */
  states(): Record<string, string> {
    const inState = this.points('circuit_breaker.state').filter(({ value }) => value !== 0)
    return Object.fromEntries(
      inState.map(({ attributes }) => [attributes['circuit_breaker.name'], attributes['circuit_breaker.state']]),
    )
  }
}

/** Metrics, spans and logs in memory. */
export class Telemetry {
  readonly meterProvider: MeterProvider
  readonly tracerProvider: TracerProvider
  readonly loggerProvider: LoggerProvider
  readonly tracer: Tracer
  readonly #reader = new OnDemandReader()
  readonly #spans = new InMemorySpanExporter()
  readonly #logs = new InMemoryLogRecordExporter()

  constructor({ sampler, views }: { sampler?: Sampler; views?: ViewOptions[] } = {}) {
    this.meterProvider = new MeterProvider({ readers: [this.#reader], ...(views && { views }) })
    this.tracerProvider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })],
      ...(sampler && { sampler }),
    })
    this.loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: this.#logs })] })
    this.tracer = this.tracerProvider.getTracer('application')
  }

  /** The providers as options of `instrumentCircuitBreakers`. */
  get providers(): Pick<Telemetry, 'meterProvider' | 'tracerProvider' | 'loggerProvider'> {
    const { meterProvider, tracerProvider, loggerProvider } = this
    return { meterProvider, tracerProvider, loggerProvider }
  }

  async collect(): Promise<Collection> {
    const { resourceMetrics, errors } = await this.#reader.collect()
    const scopes = resourceMetrics.scopeMetrics.map(({ scope }) => scope)
    return new Collection(
      resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics),
      scopes,
      errors,
    )
  }

  /** Spans that have ended, in the order in which they did; by the start of their name. */
  spans(prefix = ''): ReadableSpan[] {
    return this.#spans.getFinishedSpans().filter(({ name }) => name.startsWith(prefix))
  }

  /** The one span of this name. */
  span(name: string): ReadableSpan {
    const [span, ...more] = this.spans().filter((candidate) => candidate.name === name)
    if (span === undefined || more.length > 0) {
      throw new Error(
        `not one span "${name}" among: ${this.spans()
          .map((each) => each.name)
          .join(', ')}`,
      )
    }
    return span
  }

  logs(): ReadableLogRecord[] {
    return this.#logs.getFinishedLogRecords()
  }

  /** Runs `fn` under an active span, as a server does with a request; the span has ended when it returns. */
  inSpan<T>(name: string, fn: () => T): T {
    return this.tracer.startActiveSpan(name, (span) => {
      try {
        return fn()
      } finally {
        span.end()
      }
    })
  }
}

/** A span's id, and the trace it is in. */
export function idOf(span: ReadableSpan): { traceId: string; spanId: string } {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}

/** What a span links to, by the kind of link. */
export function linksOf(span: ReadableSpan): { to: string; traceId: string; spanId: string }[] {
  return span.links.map(({ context: { traceId, spanId }, attributes }) => ({
    to: String(attributes?.['circuit_breaker.link']),
    traceId,
    spanId,
  }))
}

/** The time of a span in ms since 1970. */
export function timesOf(span: ReadableSpan): { start: number; end: number } {
  return { start: inMs(span.startTime), end: inMs(span.endTime) }
}

function inMs([s, ns]: readonly [number, number]): number {
  return s * 1000 + ns / 1e6
}

function prefixed(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name === 'error.type' ? name : `circuit_breaker.${name}`,
      value,
    ]),
  )
}

function sorted(attributes: Attributes): [string, unknown][] {
  return Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

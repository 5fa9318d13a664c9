// The generation of OpenTelemetry that runs on Node 20: its packages, and a telemetry of them for programs of tests.
import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** The folder whose `node_modules` has these packages. */
export const folder: string = import.meta.dirname

/** Sets up all global providers. Spans and log records stay in memory; metrics wait for a scrape. */
export function startSdk(sampler: Sampler = new AlwaysOnSampler()): {
  readonly exporter: PrometheusExporter
  readonly spans: InMemorySpanExporter
  readonly logs: InMemoryLogRecordExporter
  /** This generation's API has no logs: their provider is given by hand. */
  readonly loggerProvider: LoggerProvider
} {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const spans = new InMemorySpanExporter()
  const logs = new InMemoryLogRecordExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(spans)] }))
  const loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logs })] })
  return { exporter, spans, logs, loggerProvider }
}

import { context, logs as logsApi, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Sdk } from './sdk.ts'

/** Sets up all global providers. Spans and log records stay in memory; metrics wait for a scrape. */
export function startSdk(sampler: Sampler = new AlwaysOnSampler()): Sdk {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const spans = new InMemorySpanExporter()
  const logs = new InMemoryLogRecordExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))
  trace.setGlobalTracerProvider(
    new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
  )
  logsApi.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logs })] }),
  )
  return { exporter, spans, logs }
}

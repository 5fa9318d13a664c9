import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator, setGlobalErrorHandler } from '@opentelemetry/core'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { SpanRecord } from './span-record.ts'
import { SpanRelay } from './span-relay.ts'

export interface TelemetryOptions {
  readonly service: string
  /** Where traces go besides `onSpans`. */
  readonly otlpEndpoint: string | undefined
  readonly onSpans: (spans: readonly SpanRecord[]) => void
  /** Traces could not be delivered. Called once. */
  readonly onWarning: (message: string) => void
}

export interface Telemetry {
  /** Answers Prometheus. */
  readonly metrics: Pick<PrometheusExporter, 'getMetricsRequestHandler'>
  /** Delivers what is left. Takes at most two seconds, and never fails. */
  shutdown(): Promise<void>
}

const shutdownMs = 2_000
const isScrape = (path: string | undefined): boolean => path === '/metrics'

/** Sets up OpenTelemetry for this process, by hand and from its parts, so that nothing is configured by chance. */
export function startTelemetry({ service, otlpEndpoint, onSpans, onWarning }: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({ 'service.name': service })
  // It would be the exporter's own server otherwise, which takes port 0 for its default.
  const prometheus = new PrometheusExporter({ preventServerStart: true })
  const meterProvider = new MeterProvider({ resource, readers: [prometheus] })

  const spanProcessors: SpanProcessor[] = [new SpanRelay(onSpans)]
  if (otlpEndpoint !== undefined) {
    warnOnce(`traces do not reach ${otlpEndpoint}`, onWarning)
    // The exporter finds its endpoint, headers and the like in the standard variables.
    spanProcessors.push(new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1_000 }))
  }
  const tracerProvider = new TracerProvider({ resource, spanProcessors })

  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  metrics.setGlobalMeterProvider(meterProvider)
  trace.setGlobalTracerProvider(tracerProvider)
  registerInstrumentations({
    instrumentations: [
      new HttpInstrumentation({
        disableOutgoingRequestInstrumentation: true,
        ignoreIncomingRequestHook: ({ url }) => isScrape(url),
      }),
      new UndiciInstrumentation({
        ignoreRequestHook: ({ path }) => isScrape(path),
        // The demo's paths are few and hold no ids, so they may be part of a name.
        requestHook: (span, { method, path }) => void span.updateName(`${method} ${path}`),
      }),
    ],
  })

  return {
    metrics: prometheus,
    shutdown: async () => {
      const limit = new Promise((resolve) => setTimeout(resolve, shutdownMs).unref())
      await Promise.race([Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown()]), limit])
    },
  }
}

function warnOnce(message: string, onWarning: (message: string) => void): void {
  let warned = false
  setGlobalErrorHandler((error) => {
    if (warned) return
    warned = true
    onWarning(`${message}: ${error instanceof Error ? error.message : JSON.stringify(error)}`)
  })
}

import { type TracerProvider, metrics, trace } from '@opentelemetry/api'
import { getDefaultRegistry, systemClock, validateOptions } from '@switchgear/core'
import { attachOnce } from './attach-once.ts'
import { BoundedNames } from './bounded-names.ts'
import { breakerMetricsOf } from './breaker-metrics.ts'
import { recordCallDurations } from './call-durations.ts'
import { CallSpans } from './call-spans.ts'
import { disposeAll } from './dispose-all.ts'
import { Incidents } from './incidents.ts'
import { type InstrumentOptions, instrumentOptionRules } from './instrument-options.ts'
import { SCOPE_NAME } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { traceRejections } from './reject-spans.ts'
import { SpanLimit } from './span-limit.ts'
import { globalLoggerProvider, logTransitions } from './transition-logs.ts'
import { traceTransitions } from './transition-spans.ts'
import { VERSION } from './version.ts'
import { warnOfOtherApi } from './warn-of-other-api.ts'

// Few probes go on at once, but a ramp-up makes one of each call that it admits.
const PROBE_SPANS_PER_SECOND = 20

const namesOfRegistries = new WeakMap<ObservedRegistry, BoundedNames>()

/**
 * Reports the breakers of a registry, those to come included, as OpenTelemetry metrics, spans and log events until the
 * handle is disposed of. Call it after the SDK was started. A second call for the same registry and providers adds nothing.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function instrumentCircuitBreakers(options: InstrumentOptions = {}): Disposable {
  validateOptions('', options, instrumentOptionRules)
  warnOfOtherApi()
  const { registry = getDefaultRegistry(), callDuration = false } = options
  const meterProvider = options.meterProvider ?? metrics.getMeterProvider()
  const tracerProvider = options.tracerProvider ?? trace.getTracerProvider()
  const loggerProvider = options.loggerProvider ?? globalLoggerProvider()
  const maxNames = options.maxNames ?? 100
  const names = namesOf(registry, maxNames)
  const handles: Disposable[] = []
  try {
    handles.push(
      attachOnce('metrics', registry, meterProvider, `maxNames: ${maxNames}`, () =>
        breakerMetricsOf(meterProvider).attach(registry, names),
      ),
    )
    handles.push(attachSpans(registry, tracerProvider, names, options))
    if (callDuration) {
      handles.push(
        attachOnce('call durations', registry, meterProvider, '', () =>
          recordCallDurations(registry, meterProvider, names),
        ),
      )
    }
    if (loggerProvider !== undefined) {
      handles.push(
        attachOnce('logs', registry, loggerProvider, '', () => logTransitions(registry, loggerProvider, names)),
      )
    }
  } catch (error) {
    // A provider threw. Nobody could dispose of what is attached already.
    disposeAll(handles)[Symbol.dispose]()
    throw error
  }
  return disposeAll(handles)
}

function attachSpans(
  registry: ObservedRegistry,
  provider: TracerProvider,
  names: BoundedNames,
  { callSpans = false, rejectSpansPerSecond = 20, clock = systemClock }: InstrumentOptions,
): Disposable {
  const settings = `callSpans: ${callSpans}, rejectSpansPerSecond: ${rejectSpansPerSecond}`
  return attachOnce('spans', registry, provider, settings, () => {
    const tracer = provider.getTracer(SCOPE_NAME, VERSION)
    const incidents = new Incidents()
    return disposeAll([
      traceTransitions(registry, tracer, names, incidents),
      ...(rejectSpansPerSecond > 0
        ? [traceRejections(registry, tracer, names, incidents, new SpanLimit(rejectSpansPerSecond, clock))]
        : []),
      registry.observe(
        new CallSpans(tracer, names, incidents, new SpanLimit(PROBE_SPANS_PER_SECOND, clock), callSpans),
      ),
    ])
  })
}

function namesOf(registry: ObservedRegistry, limit: number): BoundedNames {
  let names = namesOfRegistries.get(registry)
  if (names === undefined) namesOfRegistries.set(registry, (names = new BoundedNames(limit)))
  return names
}

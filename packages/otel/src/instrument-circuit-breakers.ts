import { type TracerProvider, metrics, trace } from '@opentelemetry/api'
import { getDefaultRegistry, systemClock } from '@switchgear/core'
import { attachOnce } from './attach-once.ts'
import { BoundedNames } from './bounded-names.ts'
import { breakerMetricsOf } from './breaker-metrics.ts'
import { recordCallDurations } from './call-durations.ts'
import { CallSpans } from './call-spans.ts'
import { disposeAll } from './dispose-all.ts'
import { Incidents } from './incidents.ts'
import { type InstrumentOptions, checkInstrumentOptions } from './instrument-options.ts'
import { SCOPE_NAME } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { traceRejections } from './reject-spans.ts'
import { globalLoggerProvider, logTransitions } from './transition-logs.ts'
import { traceTransitions } from './transition-spans.ts'
import { VERSION } from './version.ts'
import { warnOfOtherApi } from './warn-of-other-api.ts'

const namesOfRegistries = new WeakMap<ObservedRegistry, BoundedNames>()

/**
 * Reports the breakers of a registry, those to come included, as OpenTelemetry metrics, spans and log events until the
 * handle is disposed of. Call it after the SDK was started. A second call for the same registry and providers adds nothing.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function instrumentCircuitBreakers(options: InstrumentOptions = {}): Disposable {
  checkInstrumentOptions(options)
  warnOfOtherApi()
  const { registry = getDefaultRegistry(), callDuration = false } = options
  const meterProvider = options.meterProvider ?? metrics.getMeterProvider()
  const tracerProvider = options.tracerProvider ?? trace.getTracerProvider()
  const loggerProvider = options.loggerProvider ?? globalLoggerProvider()
  const maxNames = options.maxNames ?? 100
  const names = namesOf(registry, maxNames)
  const handles = [
    attachOnce('metrics', registry, meterProvider, `maxNames: ${maxNames}`, () =>
      breakerMetricsOf(meterProvider).attach(registry, names),
    ),
    attachSpans(registry, tracerProvider, names, options),
  ]
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
        ? [traceRejections(registry, tracer, names, incidents, rejectSpansPerSecond, clock)]
        : []),
      registry.observe(new CallSpans(tracer, names, incidents, callSpans)),
    ])
  })
}

function namesOf(registry: ObservedRegistry, limit: number): BoundedNames {
  let names = namesOfRegistries.get(registry)
  if (names === undefined) namesOfRegistries.set(registry, (names = new BoundedNames(limit)))
  return names
}

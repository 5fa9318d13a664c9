import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { Clock, OptionRule } from '@switchgear/core'
import type { ObservedRegistry } from './observed-registry.ts'
import type { TransitionLoggerProvider } from './transition-logs.ts'

/** What to instrument, and where telemetry goes. All can be left out. */
export interface InstrumentOptions {
  /** Whose breakers. Default: the default registry. */
  registry?: ObservedRegistry
  /** Default: the one that is registered when this is called. */
  meterProvider?: MeterProvider
  /** Default: the one that is registered, now or later. */
  tracerProvider?: TracerProvider
  /** Default: the one that is registered, now or later; none with `@opentelemetry/api` before 1.10. */
  loggerProvider?: TransitionLoggerProvider
  /** A span for each call under a recording span, active while it runs. Default: false. */
  callSpans?: boolean
  /** The histogram `circuit_breaker.call.duration`. Default: false. */
  callDuration?: boolean
  /** Spans of rejected calls per breaker and second, at most; the next one says how many were left out. Default: 20. */
  rejectSpansPerSecond?: number
  /**
   * Breaker names that are shown, for each registry; all further ones share `_OTHER`. The first call for a registry decides,
   * for as long as it lives: what was shown once stays. Default: 100, which keeps every metric below the SDK's limit of 2,000
   * series; raise that limit by a View to raise this.
   */
  maxNames?: number
  /** Measures the time between rejections. Default: the platform's monotonic clock. */
  clock?: Clock
}

const hasMethod = (value: unknown, method: PropertyKey): boolean =>
  typeof (value as Record<PropertyKey, unknown> | null)?.[method] === 'function'
const isBoolean: OptionRule = [(value) => typeof value === 'boolean', 'true or false']

/** What `validateOptions` of core holds them to. */
export const instrumentOptionRules: Readonly<Record<keyof InstrumentOptions, OptionRule>> = {
  registry: [(value) => hasMethod(value, 'observe') && hasMethod(value, 'families'), 'a CircuitBreakerRegistry'],
  meterProvider: [(value) => hasMethod(value, 'getMeter'), 'a MeterProvider'],
  tracerProvider: [(value) => hasMethod(value, 'getTracer'), 'a TracerProvider'],
  loggerProvider: [(value) => hasMethod(value, 'getLogger'), 'a LoggerProvider'],
  callSpans: isBoolean,
  callDuration: isBoolean,
  rejectSpansPerSecond: [(value) => Number.isFinite(value) && (value as number) >= 0, 'a number, 0 or more'],
  maxNames: [(value) => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number, 0 or more'],
  clock: [(value) => hasMethod(value, 'now'), 'an object with a method now()'],
}

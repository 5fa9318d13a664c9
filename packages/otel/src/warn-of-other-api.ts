import { metrics, trace } from '@opentelemetry/api'

// Where every copy of @opentelemetry/api 1.x registers what the application has set up.
const key = Symbol.for('opentelemetry.js.api.1')

let warned = false

/**
 * Warns, once, when the application has set up a copy of `@opentelemetry/api` that the copy loaded here refuses to use,
 * as an older minor version is: everything would go nowhere without a word. Says whether that is so.
 */
export function warnOfOtherApi(): boolean {
  const registered = (globalThis as { [key]?: { version?: unknown; metrics?: object; trace?: object } })[key]
  if (registered === undefined) return false
  const isCutOff =
    (registered.metrics !== undefined && registered.metrics !== metrics.getMeterProvider()) ||
    (registered.trace !== undefined && registered.trace !== trace.getTracerProvider())
  if (!isCutOff || warned) return isCutOff
  warned = true
  // Not by `diag`: it is cut off as well.
  console.warn(
    `switchgear: OpenTelemetry was set up with @opentelemetry/api ${String(registered.version)}, and @switchgear/otel has loaded ` +
      'another copy that cannot use it: no metric and no span of a circuit breaker will be exported. Install one version ' +
      'of @opentelemetry/api; `npm ls @opentelemetry/api` shows the copies.',
  )
  return true
}

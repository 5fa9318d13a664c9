import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { type CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { callCases, callTimes, fail, succeed } from '../call-cases.ts'
import type { Contender } from '../measure/time-contenders.ts'

type Within = NonNullable<Contender['within']>

/** Calls with telemetry attached to their breakers: without an SDK, with one, and under spans that it samples or does not. */
export async function telemetryContenders(): Promise<Contender[]> {
  const meterProvider = new MeterProvider({ readers: [new PrometheusExporter({ preventServerStart: true })] })
  const tracerProvider = new TracerProvider({})
  const unsampling = new TracerProvider({ sampler: new AlwaysOffSampler() })
  const withSdk: Within = async (run) => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    await run()
    context.disable()
  }
  const under =
    (provider: TracerProvider): Within =>
    (run) =>
      withSdk(() => provider.getTracer('bench').startActiveSpan('request', run))
  const settings: readonly [column: string, attach: (registry: CircuitBreakerRegistry) => unknown, within?: Within][] =
    [
      ['not attached', () => {}],
      ['attached, no SDK', (registry) => instrumentCircuitBreakers({ registry })],
      ['SDK', (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider }), withSdk],
      [
        'SDK, unsampled span',
        (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider: unsampling }),
        under(unsampling),
      ],
      [
        'SDK, active span',
        (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider }),
        under(tracerProvider),
      ],
      [
        'SDK, span for each call',
        (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider, callSpans: true }),
        under(tracerProvider),
      ],
    ]
  const contenders: Contender[] = []
  for (const [column, attach, within] of settings) {
    const registry = new CircuitBreakerRegistry()
    attach(registry)
    const closed = registry.get('payments')
    const open = await openBreaker(registry)
    const own = within && { within }
    contenders.push(
      { row: callCases.success.title, column, loop: 'value', call: () => closed.execute(succeed), ...own },
      { row: callCases.fastFail.title, column, loop: 'rejection', call: () => open.execute(fail), ...own },
    )
  }
  // Providers that others have registered would be found where there is to be none.
  trace.disable()
  return contenders
}

async function openBreaker(registry: CircuitBreakerRegistry): Promise<CircuitBreaker> {
  const breaker = registry.get('refunds', { trip: consecutiveFailures(1) })
  await callTimes(1, () => breaker.execute(fail))
  return breaker
}

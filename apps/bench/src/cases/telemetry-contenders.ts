import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { type CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { callCases, callTimes, fail, succeed } from '../call-cases.ts'
import type { Contender } from '../measure/time-contenders.ts'

type Within = NonNullable<Contender['within']>

/** Calls with telemetry attached to their breakers: without an SDK, with one, and under a span that it records. */
export async function telemetryContenders(): Promise<Contender[]> {
  const meterProvider = new MeterProvider({ readers: [new PrometheusExporter({ preventServerStart: true })] })
  const tracerProvider = new TracerProvider({})
  const tracer = tracerProvider.getTracer('bench')
  const withSdk: Within = async (run) => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    await run()
    context.disable()
  }
  const underSpan: Within = (run) => withSdk(() => tracer.startActiveSpan('request', run))
  const settings: readonly [column: string, attach: (registry: CircuitBreakerRegistry) => unknown, within?: Within][] =
    [
      ['not attached', () => {}],
      ['attached, no SDK', (registry) => instrumentCircuitBreakers({ registry })],
      ['SDK', (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider }), withSdk],
      [
        'SDK, active span',
        (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider }),
        underSpan,
      ],
      [
        'SDK, span for each call',
        (registry) => instrumentCircuitBreakers({ registry, meterProvider, tracerProvider, callSpans: true }),
        underSpan,
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

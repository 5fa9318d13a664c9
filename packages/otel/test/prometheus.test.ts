import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { beRejected, createRegistry, fail } from './drive.ts'

test('Prometheus scrapes the names and labels that rules and dashboards ask for', async () => {
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port: 0, preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, meterProvider, callDuration: true })
  const breaker = registry.get('payments', {
    trip: failureRate({ threshold: 0.5, window: { calls: 4 }, minimumCalls: 4 }),
  })
  clock.advance(2_500)
  fail(breaker, 4)
  beRejected(breaker, 3)

  const text = await scrape(exporter)
  const lines = text
    .split('\n')
    .map((line) =>
      line.replace(/,?otel_scope_(name|version)="[^"]*"/g, '').replace('circuit_breaker_name="payments"', '…'),
    )

  expect(lines).toContain('# TYPE circuit_breaker_state gauge')
  expect(lines).toContain('# UNIT circuit_breaker_state {circuit_breaker}')
  for (const sample of [
    'circuit_breaker_state{…,circuit_breaker_state="open"} 1',
    'circuit_breaker_state{…,circuit_breaker_state="closed"} 0',
    'circuit_breaker_calls_total{…,circuit_breaker_outcome="success"} 0',
    'circuit_breaker_calls_total{…,circuit_breaker_outcome="failure",error_type="ServiceError"} 4',
    'circuit_breaker_calls_total{…,circuit_breaker_outcome="rejected",circuit_breaker_rejection_reason="open"} 3',
    'circuit_breaker_slow_calls_total{…} 0',
    'circuit_breaker_transitions_total{…,circuit_breaker_transition_from="closed",circuit_breaker_transition_to="open"} 1',
    'circuit_breaker_transitions_total{…,circuit_breaker_transition_from="half_open",circuit_breaker_transition_to="closed"} 0',
    'circuit_breaker_state_time_total{…,circuit_breaker_state="closed"} 2.5',
    'circuit_breaker_failure_ratio{…} 0',
    'circuit_breaker_trip_ratio{…} 0',
    'circuit_breaker_call_active{…} 0',
    'circuit_breaker_call_duration_count{…,circuit_breaker_outcome="failure"} 4',
  ]) {
    expect(lines).toContain(sample)
  }
})

/** What the exporter answers a scrape, without a socket. */
async function scrape(exporter: PrometheusExporter): Promise<string> {
  return new Promise((resolve) => {
    const response = { statusCode: 200, setHeader: () => response, end: resolve }
    exporter.getMetricsRequestHandler({} as never, response as never)
  })
}

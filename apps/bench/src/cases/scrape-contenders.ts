import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { callTimes, fail, succeed } from '../call-cases.ts'
import type { Contender } from '../measure/time-contenders.ts'

/** What a scrape by Prometheus takes of the event loop: reading the breakers, collection by the SDK, and all of it with the text. */
export async function scrapeContenders(): Promise<Contender[]> {
  return (await Promise.all([10, 100, 1_000].map(contendersWith))).flat()
}

async function contendersWith(breakers: number): Promise<Contender[]> {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const plainExporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true })
  // More breakers than the default shows make more series than the SDK keeps by default.
  const views = breakers > 100 ? [{ instrumentName: '*', aggregationCardinalityLimit: 100_000 }] : []
  const registry = new CircuitBreakerRegistry({ defaults: { trip: consecutiveFailures(3) } })
  for (const reader of [exporter, plainExporter]) {
    const meterProvider = new MeterProvider({ readers: [reader], views })
    instrumentCircuitBreakers({ registry, meterProvider, maxNames: breakers })
  }
  for (let i = 0; i < breakers; i++) {
    const breaker = registry.get(`service-${i}`)
    await callTimes(10, () => breaker.execute(succeed))
    // One in ten is open, and has rejected calls.
    await callTimes(i % 10 === 0 ? 5 : 2, () => breaker.execute(fail))
  }
  const row = `${breakers.toLocaleString('en')} breakers`
  const last = `service-${breakers - 1}`
  return [
    { row, column: 'status()', loop: 'sync', call: () => registry.status()[last] },
    {
      row,
      column: 'collection',
      loop: 'value',
      call: async () => ((await exporter.collect()).errors.length === 0 ? 1 : 0),
    },
    { row, column: 'scrape', loop: 'value', call: async () => ((await scrape(exporter)).includes(last) ? 1 : 0) },
    {
      row,
      column: 'scrape without scope',
      loop: 'value',
      call: async () => ((await scrape(plainExporter)).includes(last) ? 1 : 0),
    },
  ]
}

/** What the exporter answers, without a socket. */
function scrape(exporter: PrometheusExporter): Promise<string> {
  return new Promise((resolve) => {
    const response = { statusCode: 200, setHeader: () => response, end: resolve }
    exporter.getMetricsRequestHandler({} as never, response as never)
  })
}

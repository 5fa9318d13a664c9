import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs'
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import type { TransitionLoggerProvider } from '@switchgear/otel'

/** A running SDK of some generation, as far as programs of tests look into it. */
export interface Sdk {
  readonly exporter: { getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): void }
  readonly spans: Pick<InMemorySpanExporter, 'getFinishedSpans'>
  readonly logs: Pick<InMemoryLogRecordExporter, 'getFinishedLogRecords'>
  /** Where it is not a global one. */
  readonly loggerProvider?: TransitionLoggerProvider
}

/** What Prometheus is told of circuit breakers, without what all series have in common. */
export async function scrape({ exporter }: Sdk): Promise<string[]> {
  await using server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response)).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } })
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('circuit_breaker_'))
  return lines.map((line) => line.replace(/,otel_scope_name="@switchgear\/otel",otel_scope_version="[\d.]+"/, ''))
}

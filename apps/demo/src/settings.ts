import { isIPv4 } from 'node:net'
import { UsageError } from './demo-error.ts'

export type ServiceName = 'storefront' | 'orders' | 'payments'

/** In the order in which they need each other: each calls the one before it. */
export const serviceNames = ['payments', 'orders', 'storefront'] as const satisfies readonly ServiceName[]

export interface ServicePorts {
  /** Where the service is called; 0 for a free port. */
  readonly http: number
  /** Where Prometheus finds its metrics; 0 for a free port. */
  readonly metrics: number
}

export interface Settings {
  readonly ports: Readonly<Record<ServiceName, ServicePorts>>
  /** The address that the metrics are served at; 127.0.0.1 unless a scraper is on another machine, or in a container. */
  readonly metricsHost: string
  /** How long payments is down in a round, in seconds; undefined for the script's own time. */
  readonly downSeconds: number | undefined
  /** Where traces go besides the summary. */
  readonly otlpEndpoint: string | undefined
}

// A scraper's configuration names ports, so these are fixed. Nobody has to know where the services themselves listen.
const defaults: Record<ServiceName, ServicePorts> = {
  storefront: { http: 0, metrics: 9464 },
  orders: { http: 0, metrics: 9465 },
  payments: { http: 0, metrics: 9466 },
}

/** The variable that sets a port. */
export function portVariable(service: ServiceName, kind: keyof ServicePorts): string {
  return `DEMO_${service.toUpperCase()}_${kind === 'metrics' ? 'METRICS_PORT' : 'PORT'}`
}

/** The variables that the demo reads, for its usage. */
export const variables: readonly { name: string; about: string }[] = [
  ...serviceNames.toReversed().flatMap((service) => [
    {
      name: portVariable(service, 'metrics'),
      about: `port of its /metrics, 0 for a free one (${defaults[service].metrics})`,
    },
    { name: portVariable(service, 'http'), about: 'port it listens on (a free one)' },
  ]),
  { name: 'DEMO_METRICS_HOST', about: 'address that /metrics is served at (127.0.0.1)' },
  { name: 'DEMO_DOWN_SECONDS', about: 'how long payments is down in a round (5 or 14)' },
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', about: 'where traces go too, such as http://127.0.0.1:4318 (nowhere)' },
  { name: 'NO_COLOR', about: 'any value: no colours' },
]

/** @throws {UsageError} for a malformed value, with the variable's name */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const ports = (service: ServiceName): ServicePorts => ({
    http: readPort(env, portVariable(service, 'http'), defaults[service].http),
    metrics: readPort(env, portVariable(service, 'metrics'), defaults[service].metrics),
  })
  return {
    ports: { storefront: ports('storefront'), orders: ports('orders'), payments: ports('payments') },
    metricsHost: readMetricsHost(env),
    downSeconds: readDownSeconds(env),
    otlpEndpoint: readEndpoint(env),
  }
}

function readPort(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name]?.trim()
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new UsageError(`${name} is ${JSON.stringify(text)}; it has to be a port: a whole number from 0 to 65535`)
}

function readMetricsHost(env: NodeJS.ProcessEnv): string {
  const text = env['DEMO_METRICS_HOST']?.trim() || '127.0.0.1'
  if (isIPv4(text)) return text
  throw new UsageError(`DEMO_METRICS_HOST is ${JSON.stringify(text)}; it has to be an IPv4 address, such as 0.0.0.0`)
}

function readDownSeconds(env: NodeJS.ProcessEnv): number | undefined {
  const text = env['DEMO_DOWN_SECONDS']?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UsageError(`DEMO_DOWN_SECONDS is ${JSON.stringify(text)}; it has to be a whole number of seconds`)
}

function readEndpoint(env: NodeJS.ProcessEnv): string | undefined {
  // The names and their order are the specification's; the exporter reads them by itself.
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const text = env[name]?.trim()
    if (text === undefined || text === '') continue
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it has to be an http or https URL`)
  }
  return undefined
}

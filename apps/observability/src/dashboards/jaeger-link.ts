import { DashboardLinkBuilder } from '@grafana/grafana-foundation-sdk/dashboard'

export interface JaegerSearch {
  readonly service: string
  /** The name of spans, up to the breaker's. */
  readonly operation?: 'circuit_breaker.transition' | 'circuit_breaker.reject' | 'circuit_breaker.probe'
  readonly breaker?: string
}

/** A link to a search in Jaeger, within the time that the dashboard shows. */
export function jaegerLink(title: string, { service, operation, breaker }: JaegerSearch): DashboardLinkBuilder {
  const wanted = operation === undefined ? '' : `&operation=${operation}%20${breaker}`
  // Jaeger takes microseconds, and Grafana has milliseconds.
  const time = 'lookback=custom&start=${__from}000&end=${__to}000'
  return new DashboardLinkBuilder(title).targetBlank(true).url(`\${jaeger}/search?service=${service}${wanted}&${time}`)
}

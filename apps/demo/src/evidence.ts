import type { FastFail } from './fast-fail.ts'
import type { Transition } from './messages.ts'
import type { Scoreboard } from './scoreboard.ts'
import type { ServiceName } from './settings.ts'
import type { SpanRecord } from './telemetry/span-record.ts'
import type { Sample } from './telemetry/prometheus-text.ts'

/** A time without a healthy payments service. All times are in ms since 1970. */
export interface Outage {
  readonly startedAt: number
  /** When payments was healthy again. */
  healedAt?: number
  /** When the breaker closed after that. */
  closedAt?: number
}

/** What was seen of a run: all that the summary tells and all that the promises are held against. */
export interface Evidence {
  readonly scoreboard: Scoreboard
  readonly transitions: readonly (Transition & { readonly service: ServiceName })[]
  readonly outages: readonly Outage[]
  /** Requests that reached payments. */
  readonly chargesReceived: number
  /** States in which a scrape of orders found its breaker. */
  readonly scrapedStates: ReadonlySet<string>
  /** The last scrape of each service. */
  readonly samples: Readonly<Partial<Record<ServiceName, readonly Sample[]>>>
  readonly fastFail: FastFail | undefined
  /** The trace of the call that opened the breaker. */
  readonly causeTrace: readonly SpanRecord[]
  readonly findSpan: (link: SpanRecord['links'][number]) => SpanRecord | undefined
}

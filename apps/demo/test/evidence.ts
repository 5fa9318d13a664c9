import type { Evidence } from '../src/evidence.ts'
import type { Transition } from '../src/messages.ts'
import type { Outcome } from '../src/outcome.ts'
import type { PhaseName } from '../src/scenario.ts'
import { Scoreboard } from '../src/scoreboard.ts'
import type { ServiceName } from '../src/settings.ts'
import type { Sample } from '../src/telemetry/prometheus-text.ts'
import { span, transition } from './span.ts'

/** Checkouts of one kind: in which phase, what became of them, how many, and how long each took in ms. */
export type Checkouts = readonly [phase: PhaseName, outcome: Outcome, count: number, latencyMs: number]

export function scoreboardOf(...checkouts: readonly Checkouts[]): Scoreboard {
  const scoreboard = new Scoreboard()
  for (const [phase, outcome, count, latencyMs] of checkouts) {
    for (let done = 0; done < count; done++) scoreboard.record(phase, { outcome, latencyMs })
  }
  return scoreboard
}

export const goodCheckouts: readonly Checkouts[] = [
  ['healthy', 'paid', 100, 25],
  ['slow', 'failed_slowly', 20, 810],
  ['slow', 'failed_fast', 60, 4],
  ['down', 'failed_fast', 40, 4],
  ['healthy again', 'paid', 50, 25],
]

export function moved(from: Transition['from'], to: Transition['to'], at: number, breaker = 'payments') {
  const service: ServiceName = breaker === 'payments' ? 'orders' : 'storefront'
  return { service, breaker, from, to, trigger: 'consecutive_failures' as const, at }
}

/** What a scrape of orders finds. */
export function samplesOf(now: string, rejected: number): Sample[] {
  const labels = { circuit_breaker_name: 'payments' }
  return [
    ...['closed', 'open', 'half_open', 'forced_open', 'disabled'].map((state) => ({
      name: 'circuit_breaker_state',
      labels: { ...labels, circuit_breaker_state: state },
      value: Number(state === now),
    })),
    ...['open', 'half_open_full'].map((reason) => ({
      name: 'circuit_breaker_calls_total',
      labels: { ...labels, circuit_breaker_outcome: 'rejected', circuit_breaker_rejection_reason: reason },
      value: rejected / 2,
    })),
  ]
}

const incident = [
  transition('closed', 'open', { spanId: 'opening', links: [{ traceId: 'cause', spanId: 'cause-orders' }] }),
  transition('open', 'half_open', { spanId: 'probing', parentSpanId: 'opening', startMs: 1, durationMs: 2_000 }),
  transition('half_open', 'closed', { spanId: 'closing', parentSpanId: 'opening', startMs: 2, durationMs: 100 }),
] as const

const causeTrace = [
  span({ spanId: 'cause-orders', traceId: 'cause', name: 'POST /orders', kind: 'server' }),
  span({
    spanId: 'cause-client',
    traceId: 'cause',
    parentSpanId: 'cause-orders',
    startMs: 1,
    kind: 'client',
    failed: true,
  }),
  span({ spanId: 'cause-payments', traceId: 'cause', parentSpanId: 'cause-client', startMs: 2, service: 'payments' }),
] as const

const fastTrace = [
  span({ spanId: 'users', traceId: 'fast', name: 'checkout', service: 'load-generator' }),
  span({ spanId: 'storefront', traceId: 'fast', parentSpanId: 'users', startMs: 1, service: 'storefront' }),
  span({ spanId: 'orders', traceId: 'fast', parentSpanId: 'storefront', startMs: 2, kind: 'server' }),
  span({
    spanId: 'reject',
    traceId: 'fast',
    parentSpanId: 'orders',
    startMs: 3,
    failed: true,
    name: 'circuit_breaker.reject payments',
    links: [{ traceId: 'incident', spanId: 'opening' }],
  }),
] as const

/** A run in which everything went as it should, and what the test has different. */
export function evidence(different: Partial<Evidence> = {}): Evidence {
  return {
    scoreboard: scoreboardOf(...goodCheckouts),
    transitions: [
      moved('closed', 'open', 2_000),
      moved('open', 'half_open', 4_000),
      moved('half_open', 'closed', 9_500),
    ],
    outages: [{ startedAt: 1_000, healedAt: 7_000, closedAt: 9_500 }],
    chargesReceived: 170,
    scrapedStates: new Set(['closed', 'open']),
    samples: { orders: samplesOf('closed', 100), storefront: samplesOf('closed', 0), payments: samplesOf('closed', 0) },
    fastFail: { trace: fastTrace, reject: fastTrace[3], opening: incident[0], incident, cause: causeTrace[0] },
    causeTrace,
    findSpan: ({ spanId }) => [...fastTrace, ...incident, ...causeTrace].find((each) => each.spanId === spanId),
    ...different,
  }
}

import type { Evidence } from './evidence.ts'
import { servicesOf } from './fast-fail.ts'
import { sum } from './scoreboard.ts'
import { serviceNames } from './settings.ts'
import type { Sample } from './telemetry/prometheus-text.ts'
import { transitionOf } from './telemetry/span-record.ts'
import { formatMs } from './view/format.ts'

/** A promise of the demo, and whether it was kept. */
export interface PromiseCheck {
  readonly promise: string
  readonly kept: boolean
  /** The numbers that decided. */
  readonly seen: string
}

// Far from what is usual, so that a busy machine does not break a promise that the breaker kept.
const enoughFailedFast = 50
const timesFaster = 5

/** Holds what happened in one round against what the demo promises. */
export function checkPromises(evidence: Evidence): PromiseCheck[] {
  return [
    paidWhileHealthy(evidence),
    opened(evidence),
    neverLeft(evidence),
    failedFaster(evidence),
    recovered(evidence),
    didNotSpread(evidence),
    traced(evidence),
    explained(evidence),
    scraped(evidence),
  ]
}

function paidWhileHealthy({ scoreboard, transitions, outages }: Evidence): PromiseCheck {
  const counts = scoreboard.phases.get('healthy')?.counts
  const all = counts ? sum(counts) : 0
  const early = transitions.filter(({ at }) => at < (outages[0]?.startedAt ?? Infinity)).length
  return {
    promise: 'While payments was healthy, checkouts were paid and no breaker moved',
    kept: all > 0 && (counts?.paid ?? 0) >= 0.9 * all && early === 0,
    seen: `${counts?.paid ?? 0} of ${all} paid, ${early} transitions`,
  }
}

function opened({ transitions, outages }: Evidence): PromiseCheck {
  const opening = transitions.find(
    ({ breaker, from, to }) => breaker === 'payments' && from === 'closed' && to === 'open',
  )
  const startedAt = outages[0]?.startedAt
  return {
    promise: 'The breaker opened once payments was slow',
    kept: opening !== undefined && startedAt !== undefined && opening.at >= startedAt,
    seen: opening && startedAt ? `after ${formatMs(opening.at - startedAt)}, by ${opening.trigger}` : 'it did not',
  }
}

function neverLeft({ scoreboard, chargesReceived }: Evidence): PromiseCheck {
  const all = sum(scoreboard.totals)
  const failedFast = scoreboard.totals.failed_fast
  return {
    promise: `At least ${enoughFailedFast} calls failed fast, and none of them left the process`,
    kept: failedFast >= enoughFailedFast && chargesReceived + failedFast <= all,
    seen: `${failedFast} of ${all} failed fast, payments received ${chargesReceived}`,
  }
}

function failedFaster({ scoreboard }: Evidence): PromiseCheck {
  const slow = scoreboard.latency('failed_slowly').quantile(0.5)
  const fast = scoreboard.latency('failed_fast').quantile(0.5)
  return {
    promise: `A fast failure took less than a ${timesFaster}th of the time of a slow one`,
    kept: slow !== undefined && fast !== undefined && fast * timesFaster < slow,
    seen: `${formatMs(fast)} against ${formatMs(slow)}, half of the calls each`,
  }
}

function recovered({ scoreboard, transitions, outages }: Evidence): PromiseCheck {
  const { healedAt, closedAt } = outages.at(-1) ?? {}
  const last = transitions.findLast(({ breaker }) => breaker === 'payments')
  const paid = scoreboard.phases.get('healthy again')?.counts.paid ?? 0
  return {
    promise: 'The breaker closed by itself when payments was back, and checkouts were paid again',
    kept: closedAt !== undefined && last?.to === 'closed' && paid > 0,
    seen:
      closedAt && healedAt ? `closed after ${formatMs(closedAt - healedAt)}, ${paid} paid since` : 'it did not close',
  }
}

function didNotSpread({ scoreboard, transitions }: Evidence): PromiseCheck {
  const moved = transitions.filter(({ breaker }) => breaker === 'orders').length
  const { lost } = scoreboard.totals
  return {
    promise: 'The outage ended at orders: every checkout was answered, the breaker in front of orders stayed closed',
    kept: lost === 0 && moved === 0,
    seen: `${lost} checkouts lost, ${moved} transitions`,
  }
}

function traced({ fastFail }: Evidence): PromiseCheck {
  const services = fastFail ? servicesOf(fastFail.trace) : []
  const callsOn = fastFail?.trace.some(({ parentSpanId }) => parentSpanId === fastFail.reject.spanId) ?? false
  const expected = ['load-generator', 'storefront', 'orders']
  return {
    promise: 'A call that failed fast is one trace across three services, and ends with the rejection',
    kept: services.join() === expected.join() && fastFail?.reject.failed === true && !callsOn,
    seen: services.length > 0 ? services.join(' → ') : 'no such trace',
  }
}

function explained({ fastFail, causeTrace }: Evidence): PromiseCheck {
  const { opening, incident = [] } = fastFail ?? {}
  const isRoot = opening !== undefined && opening.parentSpanId === undefined && transitionOf(opening)?.to === 'open'
  const closes = incident.some((span) => transitionOf(span)?.to === 'closed')
  const reached = servicesOf(causeTrace).includes('payments')
  const failed = causeTrace.some(
    ({ kind, service, failed: failedThere }) => kind === 'client' && service === 'orders' && failedThere,
  )
  return {
    promise:
      'Its link leads to the incident, from opening to closing; and on to the failed call to payments that caused it',
    kept: isRoot && closes && reached && failed,
    seen: [
      isRoot ? `${incident.length} transitions` : 'no opening',
      closes ? 'the last one closes' : 'none closes',
      reached ? `its cause ${failed ? 'failed in' : 'reached'} payments` : 'its cause is not there',
    ].join(', '),
  }
}

function scraped({ scoreboard, scrapedStates, samples }: Evidence): PromiseCheck {
  const rejected = total(samples.orders, 'circuit_breaker_calls_total', { circuit_breaker_outcome: 'rejected' })
  const states = (samples.orders ?? []).filter(
    ({ name, labels }) => name === 'circuit_breaker_state' && labels['circuit_breaker_name'] === 'payments',
  )
  const allServe = serviceNames.every((name) => (samples[name]?.length ?? 0) > 0)
  const now = states.filter(({ value }) => value === 1).map(({ labels }) => labels['circuit_breaker_state'])
  return {
    promise: 'Prometheus sees it: the breaker closed, open and closed again, and every fast failure counted',
    kept:
      allServe &&
      scrapedStates.has('open') &&
      scrapedStates.has('closed') &&
      states.length === 5 &&
      now.join() === 'closed' &&
      rejected === scoreboard.totals.failed_fast,
    seen: `seen ${[...scrapedStates].join(', ')}; now ${now.join() || 'nothing'}; ${rejected} rejected`,
  }
}

function total(samples: readonly Sample[] = [], name: string, labels: Readonly<Record<string, string>>): number {
  return samples
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((value, sample) => value + sample.value, 0)
}

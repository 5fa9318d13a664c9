import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { activeAlerts } from './alertmanager.ts'
import { dashboardLinks, dashboardQueries, interpolate } from './dashboard-queries.ts'
import { eventually } from './eventually.ts'
import { type JaegerSpan, type JaegerTrace, linksOf, parentOf, search, servicesOf, tagOf, traceOf } from './jaeger.ts'
import { countSeries, labelValues } from './prometheus.ts'
import { Stack } from './stack.ts'
import type { Notification } from './webhook.ts'

// The tests of this file are one story, in their order: payments fails, somebody is paged, payments recovers.
// Rules take their own minutes; a deadline is several times what is usual.
const pageMs = 240_000
const ticketMs = 240_000
const soonMs = 120_000

let stack: Stack
let startedAt = 0
let downAt = 0
let page: Notification
let incident: JaegerTrace

beforeAll(async () => {
  stack = await Stack.start()
  startedAt = Date.now() / 1000
})
afterAll(() => stack?.[Symbol.asyncDispose]())

const wanted = { alertname: 'CircuitBreakerOpenFleetWide', job: 'orders' }

test('somebody is paged while payments is down', async () => {
  const find = async (): Promise<Notification | undefined> => stack.webhook.find({ ...wanted, status: 'firing' })
  page = await eventually('the page', find, pageMs)
  expect(page).toMatchObject({
    receiver: 'pager',
    labels: { severity: 'page', circuit_breaker_name: 'payments' },
    annotations: {
      summary: 'payments is open in most of orders',
      runbook_url: expect.stringContaining('/docs/runbooks/CircuitBreakerOpenFleetWide.md'),
      dashboard_url: 'http://localhost:3000/d/switchgear-breaker?var-job=orders&var-breaker=payments',
    },
  })
  expect(page.labels, 'addresses are in annotations').not.toHaveProperty('jaeger_url')
})

test('its link leads to the incident in Jaeger', async () => {
  const incidents = await search(page.annotations['jaeger_url'] ?? '')
  // The newest, should a slow machine have had one before.
  const found = incidents.toSorted((a, b) => readIncident(a).root.startTime - readIncident(b).root.startTime).at(-1)
  expect(found).toBeDefined()
  incident = found as JaegerTrace
  const { root } = readIncident(incident)
  expect(root.operationName).toBe('circuit_breaker.transition payments')
  expect([tagOf(root, 'circuit_breaker.transition.from'), tagOf(root, 'circuit_breaker.transition.to')]).toEqual([
    'closed',
    'open',
  ])
  expect(tagOf(root, 'error'), 'an opening is an error').toBe(true)
})

test('the tickets of its instances are inhibited', async () => {
  const job = 'orders'
  const ticket = await eventually(
    'the ticket',
    async () => (await activeAlerts(stack.alertmanagerUrl, 'CircuitBreakerOpen', job))[0],
    ticketMs,
  )
  expect(ticket.labels).toMatchObject({ severity: 'ticket', circuit_breaker_name: 'payments' })
  expect(ticket.status).toMatchObject({ state: 'suppressed', inhibitedBy: [page.fingerprint] })
  expect((await activeAlerts(stack.alertmanagerUrl, wanted.alertname, job))[0]?.status.state).toBe('active')
})

test('a call that failed fast is a trace across three services, and links to the incident', async () => {
  const link = `${stack.jaegerUrl}/search?service=orders&operation=circuit_breaker.reject+payments&lookback=1h&limit=50`
  const { root } = readIncident(incident)
  // Each process exports its spans by itself, so the newest traces may lack some.
  const wholeTrace = async (): Promise<JaegerTrace | undefined> =>
    (await search(link)).find(
      (found) => servicesOf(found).length === 3 && found.spans.every(({ startTime }) => startTime > root.startTime),
    )
  const trace = await eventually('a trace across three services', wholeTrace, soonMs)
  expect(servicesOf(trace)).toEqual(['load-generator', 'orders', 'storefront'])
  const reject = trace.spans.find(({ operationName }) => operationName === 'circuit_breaker.reject payments')
  expect(reject).toBeDefined()
  expect(tagOf(reject as JaegerSpan, 'circuit_breaker.outcome')).toBe('rejected')
  expect(
    trace.spans.some((span) => parentOf(span) === reject?.spanID),
    'nothing was called',
  ).toBe(false)
  expect(linksOf(reject as JaegerSpan)).toEqual([
    expect.objectContaining({ traceID: incident.traceID, spanID: root.spanID }),
  ])
})

test('the incident links to the call that caused it, which failed in payments', async () => {
  const [link] = linksOf(readIncident(incident).root)
  expect(link).toBeDefined()
  const cause = await eventually('the cause', () => traceOf(stack.jaegerUrl, link?.traceID ?? ''), soonMs)
  expect(servicesOf(cause)).toContain('payments')
  const failed = cause.spans.filter((span) => tagOf(span, 'error') === true)
  expect(failed.map(({ processID }) => cause.processes[processID]?.serviceName)).toContain('orders')
})

test('when payments is back, the page is resolved', async () => {
  downAt = Date.now() / 1000
  stack.demo.send('SIGUSR2')
  const find = async (): Promise<Notification | undefined> => stack.webhook.find({ ...wanted, status: 'resolved' })
  expect(await eventually('the resolution', find, pageMs)).toMatchObject({
    receiver: 'pager',
    fingerprint: page.fingerprint,
  })
  expect(stack.webhook.find({ alertname: 'CircuitBreakerOpen', job: 'orders' }), 'no ticket was sent').toBeUndefined()
})

test('the trace of the incident goes from the trip to the close', async () => {
  const closed = await eventually(
    'the end of the incident',
    async () => {
      const trace = await traceOf(stack.jaegerUrl, incident.traceID)
      return trace && toStates(trace).at(-1) === 'closed' ? trace : undefined
    },
    soonMs,
  )
  const { root, others } = readIncident(closed)
  expect(others.every((span) => parentOf(span) === root.spanID)).toBe(true)
  expect(toStates(closed).slice(0, 2)).toEqual(['open', 'half_open'])
  expect(toStates(closed).filter((state) => state === 'closed')).toHaveLength(1)
})

test.each(dashboardLinks())('a link of the dashboards leads to traces: $title', async ({ url }) => {
  const link = interpolate(url, {
    jaeger: stack.jaegerUrl,
    job: 'orders',
    breaker: 'payments',
    '__field.labels.job': 'orders',
    '__field.labels.circuit_breaker_name': 'payments',
    __from: String(Math.floor(startedAt * 1000)),
    __to: String(Date.now()),
  })
  expect(await search(link)).not.toEqual([])
})

describe('every query of the dashboards has data', () => {
  // As it is for a panel of an hour, but with what a scrape of one second needs.
  const values = { __interval: '5s', __rate_interval: '10s', __range: '10m', breaker: 'payments', instance: '.*' }

  test.each(dashboardQueries())('$where', async ({ kind, expr }) => {
    const end = String(Date.now() / 1000)
    // The second one as a collector writes metrics: with units in their names.
    for (const job of ['orders', 'orders-by-collector']) {
      const query = interpolate(expr, { ...values, job })
      if (kind === 'labels') {
        expect(await labelValues(stack.prometheusUrl, query)).not.toEqual([])
      } else if (kind === 'instant') {
        // While there was something to see.
        expect(await countSeries(stack.prometheusUrl, 'query', { query, time: String(downAt) })).toBeGreaterThan(0)
      } else {
        const range = { query, start: String(startedAt), end, step: '5' }
        expect(await countSeries(stack.prometheusUrl, 'query_range', range)).toBeGreaterThan(0)
      }
    }
  })
})

/** The span of the transition that began it, and those of the ones after it. */
function readIncident({ spans }: JaegerTrace): { root: JaegerSpan; others: JaegerSpan[] } {
  const roots = spans.filter((span) => parentOf(span) === undefined)
  const [root] = roots
  if (root === undefined || roots.length > 1) throw new Error(`an incident with ${roots.length} roots`)
  return { root, others: spans.filter((span) => span !== root) }
}

/** The states that it went to, in their order. */
function toStates({ spans }: JaegerTrace): unknown[] {
  return spans.toSorted((a, b) => endOf(a) - endOf(b)).map((span) => tagOf(span, 'circuit_breaker.transition.to'))
}

function endOf({ startTime, duration }: JaegerSpan): number {
  return startTime + duration
}

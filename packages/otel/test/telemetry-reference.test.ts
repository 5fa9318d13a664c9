// Holds docs/reference/telemetry.md to what is emitted, and what is emitted to the page.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { DataPointType, type MetricData, MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { failureRate } from '@switchgear/core'
import { CHANNELS } from '@switchgear/otel/diagnostics-channel'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { ATTRIBUTES, METRICS, SCOPE_NAME, SPANS, TRANSITION_LOG_EVENT } from '../src/names.ts'
import { createRegistry } from './drive.ts'
import { emitEverything } from './emit-everything.ts'
import { codesOf, rowsUnder } from './reference-page.ts'
import { Telemetry } from './telemetry.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/telemetry.md'), 'utf8')
const metricRows = rowsUnder('Metrics', page)
const attributeRows = rowsUnder('Attributes', page)

test('has every metric with its kind, unit and attributes, and no other', async () => {
  const { metrics } = await emitEverything().telemetry.collect()

  const documented = metricRows.map(({ metric, kind, unit, attributes }) => ({
    metric: codesOf(metric)[0],
    kind,
    unit: codesOf(unit)[0],
    attributes: codesOf(attributes).toSorted(),
  }))
  const emitted = metrics.map((metric) => ({
    metric: metric.descriptor.name,
    kind: kindOf(metric),
    unit: metric.descriptor.unit,
    attributes: keysOf(metric.dataPoints),
  }))
  expect(sortedBy('metric', documented)).toEqual(sortedBy('metric', emitted))
  expect(documented.map(({ metric }) => metric)).toEqual(Object.values(METRICS).map(({ name }) => name))
})

test('says how many series a breaker has from its creation on, and at most', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, callDuration: true })
  registry.get('payments', { trip: failureRate({ threshold: 0.5, window: { calls: 10 } }) })

  const before = await telemetry.collect()
  const after = await emitEverything().telemetry.collect()

  for (const { metric, 'series of a breaker': first, 'at most': most } of metricRows) {
    const name = codesOf(metric)[0] ?? ''
    expect([name, first, most]).toEqual([name, `${before.points(name).length}`, `${after.points(name).length}`])
  }
})

test('has the names of metrics in Prometheus', async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const registry = createRegistry()
  instrumentCircuitBreakers({
    registry,
    meterProvider: new MeterProvider({ readers: [exporter] }),
    callDuration: true,
  })
  registry
    .get('payments', { trip: failureRate({ threshold: 0.5, window: { calls: 10 } }) })
    .acquire()
    .success()
  const text = await new Promise<string>((resolve) => {
    const response = { statusCode: 200, setHeader: () => response, end: resolve }
    exporter.getMetricsRequestHandler({} as never, response as never)
  })

  const exported = [...text.matchAll(/^# TYPE (circuit_breaker\S+)/gm)].map(([, name]) => name)
  const rows = rowsUnder('Names in Prometheus', page)
  expect(new Set(rows.map((row) => codesOf(row['exporter of JavaScript'])[0]))).toEqual(new Set(exported))
  for (const row of rows) {
    const [metric, ours = '', theirs] = Object.values(row).map((cell) => codesOf(cell)[0])
    const isInSeconds = Object.values(METRICS).find(({ name }) => name === metric)?.unit === 's'
    expect(theirs).toBe(isInSeconds ? ours.replace(/(_total)?$/, '_seconds$1') : ours)
  }
})

test('has every span with its attributes and links, and no other', () => {
  const spans = emitEverything().telemetry.spans('circuit_breaker')

  const rows = rowsUnder('Spans', page)
  expect(rows.map(({ span }) => codesOf(span)[0])).toEqual(Object.values(SPANS))
  for (const { span, attributes, links } of rows) {
    const ofThisKind = spans.filter(({ name }) => name === `${codesOf(span)[0]} payments`)
    expect(keysOf(ofThisKind)).toEqual(codesOf(attributes).toSorted())
    const kinds = new Set(ofThisKind.flatMap((each) => each.links.map((link) => link.attributes?.[ATTRIBUTES.link])))
    expect([...kinds]).toEqual(codesOf(links))
  }
})

test('has the log event, with the attributes of the transition span', () => {
  const { telemetry } = emitEverything()

  const logs = telemetry.logs()
  expect(new Set(logs.map(({ eventName }) => eventName))).toEqual(new Set([TRANSITION_LOG_EVENT]))
  expect(keysOf(logs)).toEqual(keysOf(telemetry.spans(SPANS.transition)))
  expect(page).toContain(`\`${TRANSITION_LOG_EVENT}\`, one for each change of state`)
})

test('has every attribute with its type and where it is, and no other', async () => {
  const { telemetry } = emitEverything()
  const points = (await telemetry.collect()).metrics.flatMap(({ dataPoints }) => [...dataPoints])
  const places = {
    metrics: points,
    spans: telemetry.spans('circuit_breaker'),
    log: telemetry.logs(),
    links: telemetry.spans().flatMap(({ links }) => links.map(({ attributes = {} }) => ({ attributes }))),
  }

  expect(new Set(attributeRows.map(({ attribute }) => codesOf(attribute)[0]))).toEqual(
    new Set(Object.values(ATTRIBUTES)),
  )
  for (const { attribute, type, on } of attributeRows) {
    const key = codesOf(attribute)[0] ?? ''
    const having = Object.entries(places).filter(([, things]) => keysOf(things).includes(key))
    expect([key, on]).toEqual([key, having.map(([place]) => place).join(', ')])
    const values = having.flatMap(([, things]) => things.map(({ attributes }) => attributes[key]))
    expect([key, typesOf(values)]).toEqual([key, type])
  }
})

test('has every value of the attributes that have few', async () => {
  const { telemetry, breaker } = emitEverything()
  const { metrics } = await telemetry.collect()
  const emitted = [
    ...metrics.flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes)),
    ...telemetry
      .spans()
      .flatMap(({ attributes, links }) => [attributes, ...links.map((link) => link.attributes ?? {})]),
  ]
  const valuesOf = (key: string): string[] => {
    const values = emitted.map((attributes) => attributes[key]).filter((value) => value !== undefined)
    return [...new Set(values.map(String))].toSorted()
  }
  const documented = (key: string): string[] =>
    codesOf(attributeRows.find(({ attribute }) => attribute === `\`${key}\``)?.['values']).toSorted()

  for (const key of [ATTRIBUTES.state, ATTRIBUTES.outcome, ATTRIBUTES.rejectionReason, ATTRIBUTES.link]) {
    expect([key, documented(key)]).toEqual([key, valuesOf(key)])
  }
  expect(documented(ATTRIBUTES.state)).toEqual(Object.keys(breaker.status().timeInState).toSorted())
  expect(documented(ATTRIBUTES.rejectionReason)).toEqual(Object.keys(breaker.status().rejections).toSorted())
  expect(documented(ATTRIBUTES.transitionTrigger)).toEqual(
    expect.arrayContaining(valuesOf(ATTRIBUTES.transitionTrigger)),
  )
})

test('has every channel, and no other', () => {
  const rows = rowsUnder('Channels', page)
  expect(rows.map(({ channel }) => codesOf(channel)[0])).toEqual(Object.values(CHANNELS))
})

test('names the scope', () => {
  expect(page).toContain(`The instrumentation scope is \`${SCOPE_NAME}\``)
})

function kindOf(metric: MetricData): string {
  if (metric.dataPointType === DataPointType.HISTOGRAM) return 'histogram'
  if (metric.dataPointType === DataPointType.GAUGE) return 'observable gauge'
  return metric.dataPointType === DataPointType.SUM && metric.isMonotonic
    ? 'observable counter'
    : 'observable up-down counter'
}

/** The keys of all attributes of some points, spans or records. */
function keysOf(things: readonly { readonly attributes: object }[]): string[] {
  return [...new Set(things.flatMap(({ attributes }) => Object.keys(attributes)))].toSorted()
}

function typesOf(values: readonly unknown[]): string {
  const numbers = values.filter((value) => typeof value === 'number')
  if (numbers.length > 0) return numbers.every(Number.isInteger) ? 'int' : 'double'
  return [...new Set(values.filter((value) => value !== undefined).map((value) => typeof value))].join(' or ')
}

function sortedBy<K extends string>(key: K, rows: readonly Readonly<Record<K, unknown>>[]): unknown[] {
  return rows.toSorted((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1))
}

import { expect, test } from 'vitest'
import type { Evidence } from '../src/evidence.ts'
import type { FastFail } from '../src/fast-fail.ts'
import { checkPromises } from '../src/promises.ts'
import { type Checkouts, evidence, goodCheckouts, moved, samplesOf, scoreboardOf } from './evidence.ts'
import { span } from './span.ts'

function brokenBy(different: Partial<Evidence>): string[] {
  return checkPromises(evidence(different)).flatMap(({ promise, kept }) =>
    kept ? [] : [promise.split(/[,;:]/)[0] ?? ''],
  )
}

const fastFail = evidence().fastFail as FastFail
const checkouts = (...others: Checkouts[]): Pick<Evidence, 'scoreboard'> => ({
  scoreboard: scoreboardOf(...goodCheckouts, ...others),
})

test('keeps all promises when everything went as it should', () => {
  expect(brokenBy({})).toEqual([])
})

test('promises that checkouts are paid while payments is healthy', () => {
  const promise = 'While payments was healthy'
  expect(brokenBy(checkouts(['healthy', 'failed_slowly', 5, 810]))).toEqual([])
  expect(brokenBy(checkouts(['healthy', 'failed_slowly', 15, 810]))).toEqual([promise])
  expect(brokenBy({ transitions: [moved('closed', 'open', 500), ...evidence().transitions] })).toContain(promise)
})

test('promises that the breaker opens', () => {
  const closing = evidence().transitions.slice(1)
  expect(brokenBy({ transitions: closing })).toEqual(['The breaker opened once payments was slow'])
})

test('promises that calls fail fast without leaving the process', () => {
  const promise = 'At least 50 calls failed fast'
  const few = scoreboardOf(...goodCheckouts.filter(([, outcome]) => outcome !== 'failed_fast'), [
    'slow',
    'failed_fast',
    49,
    4,
  ])
  const samples = { ...evidence().samples, orders: samplesOf('closed', 49) }
  expect(brokenBy({ scoreboard: few, samples, chargesReceived: 170 })).toEqual([promise])
  // One more request reached payments than there were calls that may have left.
  expect(brokenBy({ chargesReceived: 171 })).toEqual([promise])
})

test('promises that failing fast is much faster than failing slowly', () => {
  const scoreboard = scoreboardOf(
    ...goodCheckouts.map(([phase, outcome, count, ms]): Checkouts => [
      phase,
      outcome,
      count,
      outcome === 'failed_fast' ? 200 : ms,
    ]),
  )
  expect(brokenBy({ scoreboard })).toEqual(['A fast failure took less than a 5th of the time of a slow one'])
})

test('promises that the breaker closes by itself', () => {
  const promise = 'The breaker closed by itself when payments was back'
  expect(brokenBy({ outages: [{ startedAt: 1_000, healedAt: 7_000 }] })).toEqual([promise])
  expect(brokenBy({ transitions: [...evidence().transitions, moved('closed', 'open', 9_900)] })).toEqual([promise])
})

test('promises that the outage does not spread', () => {
  const promise = 'The outage ended at orders'
  expect(brokenBy(checkouts(['slow', 'lost', 1, 2_400]))).toEqual([promise])
  expect(brokenBy({ transitions: [...evidence().transitions, moved('closed', 'open', 3_000, 'orders')] })).toEqual([
    promise,
  ])
})

test('promises a trace across three services that ends with the rejection', () => {
  const promise = 'A call that failed fast is one trace across three services'
  const { reject } = fastFail
  expect(brokenBy({ fastFail: { ...fastFail, trace: fastFail.trace.slice(1) } })).toEqual([promise])
  const call = span({
    spanId: 'call',
    parentSpanId: reject.spanId,
    traceId: reject.traceId,
    startMs: 4,
    kind: 'client',
  })
  expect(brokenBy({ fastFail: { ...fastFail, trace: [...fastFail.trace, call] } })).toEqual([promise])
  expect(brokenBy({ fastFail: { ...fastFail, reject: { ...reject, failed: false } } })).toEqual([promise])
})

test('promises a link to the incident, and from there to the failed call', () => {
  const promise = 'Its link leads to the incident'
  const { opening, incident } = fastFail
  const causeTrace = evidence().causeTrace
  expect(brokenBy({ fastFail: { ...fastFail, incident: incident.slice(0, 2) } })).toEqual([promise])
  expect(brokenBy({ fastFail: { ...fastFail, opening: { ...opening, parentSpanId: 'x' } } })).toEqual([promise])
  expect(brokenBy({ causeTrace: [] })).toEqual([promise])
  expect(brokenBy({ causeTrace: causeTrace.map((each) => ({ ...each, failed: false })) })).toEqual([promise])
  expect(brokenBy({ causeTrace: causeTrace.filter(({ service }) => service !== 'payments') })).toEqual([promise])
})

test('promises that Prometheus sees all of it', () => {
  const promise = 'Prometheus sees it'
  const { samples } = evidence()
  expect(brokenBy({ scrapedStates: new Set(['closed', 'half_open']) })).toEqual([promise])
  expect(brokenBy({ samples: { ...samples, orders: samplesOf('closed', 98) } })).toEqual([promise])
  expect(brokenBy({ samples: { ...samples, orders: samplesOf('open', 100) } })).toEqual([promise])
  expect(brokenBy({ samples: { ...samples, payments: [] } })).toEqual([promise])
  expect(brokenBy({ samples: { ...samples, orders: samplesOf('closed', 100).slice(1) } })).toEqual([promise])
})

test('keeps none of a run in which nothing happened', () => {
  const nothing = checkPromises(
    evidence({
      scoreboard: scoreboardOf(),
      transitions: [],
      outages: [],
      chargesReceived: 0,
      scrapedStates: new Set(),
      samples: {},
      fastFail: undefined,
      causeTrace: [],
    }),
  )
  // Nothing was lost, and nothing spread, where nothing was done.
  expect(nothing.filter(({ kept }) => kept).map(({ promise }) => promise)).toEqual([
    expect.stringContaining('The outage ended at orders'),
  ])
})

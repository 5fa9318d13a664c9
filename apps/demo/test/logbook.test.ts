import { expect, test } from 'vitest'
import { Logbook } from '../src/logbook.ts'
import { type Condition, type Phase, script } from '../src/scenario.ts'
import { moved, samplesOf } from './evidence.ts'
import { span } from './span.ts'

const phases = script({ once: true })
const phaseOf = (condition: Condition): Phase => phases.findLast((phase) => phase.condition === condition) as Phase

/** A logbook that has seen an outage up to the time when payments is healthy again. */
function afterOutage(): Logbook {
  const logbook = new Logbook()
  logbook.beginRound()
  for (const phase of phases.slice(0, 3)) logbook.beginPhase(phase)
  logbook.heard('orders', { type: 'transition', transition: moved('closed', 'open', Date.now()) })
  logbook.beginPhase(phaseOf('healthy'))
  return logbook
}

test('measures recovery from when payments is healthy until its breaker closes', () => {
  const logbook = afterOutage()
  const [before] = logbook.evidence().outages
  expect(before?.closedAt).toBeUndefined()
  expect(before?.healedAt).toBeGreaterThanOrEqual(before?.startedAt ?? Infinity)

  logbook.heard('storefront', { type: 'transition', transition: moved('half_open', 'closed', 1, 'orders') })
  expect(logbook.evidence().outages[0]?.closedAt).toBeUndefined()

  const closedAt = (before?.healedAt ?? 0) + 2_345
  logbook.heard('orders', { type: 'transition', transition: moved('half_open', 'closed', closedAt) })
  expect(logbook.evidence().outages).toEqual([{ ...before, closedAt }])
})

test('takes slow and down for one outage, and those of the next round for another', () => {
  const logbook = afterOutage()
  expect(logbook.evidence().outages).toHaveLength(1)
  logbook.beginPhase(phaseOf('slow'))
  expect(logbook.evidence().outages).toHaveLength(2)
})

test('counts a checkout for the phase in which it began', () => {
  const logbook = new Logbook()
  logbook.beginPhase(phases[0] as Phase)
  const record = logbook.beginCheckout()
  logbook.beginPhase(phases[1] as Phase)
  record({ outcome: 'failed_slowly', latencyMs: 900 })
  expect([...logbook.evidence().scoreboard.phases.keys()]).toEqual(['healthy'])
})

test('counts the calls that failed fast in a round anew', () => {
  const logbook = new Logbook()
  logbook.beginRound()
  logbook.beginCheckout()({ outcome: 'failed_fast', latencyMs: 4 })
  expect(logbook.progress().failedFast).toBe(1)
  logbook.beginRound()
  expect(logbook.progress().failedFast).toBe(0)
})

test('knows since when the breaker is closed, and that it is not', () => {
  const logbook = new Logbook()
  expect(logbook.progress().closedForMs).toBeGreaterThanOrEqual(0)
  logbook.heard('orders', { type: 'transition', transition: moved('closed', 'open', Date.now()) })
  expect(logbook.progress().closedForMs).toBeUndefined()
})

test('gives each second its own counts', () => {
  const logbook = new Logbook()
  const counts = { paid: 0, failed_slowly: 0, failed_fast: 0, lost: 0 }
  logbook.beginCheckout()({ outcome: 'paid', latencyMs: 20 })
  logbook.endSecond()
  logbook.endSecond()
  expect(logbook.frame().seconds.map((second) => second.counts)).toEqual([{ ...counts, paid: 1 }, counts])
  expect(logbook.frame().totals.paid).toBe(1)
})

test('collects what the services tell and what their metrics say', () => {
  const logbook = new Logbook()
  const traced = span({ spanId: 'a' })
  logbook.heard('payments', { type: 'charges_received', count: 7 })
  logbook.heard('orders', { type: 'spans', spans: [traced] })
  logbook.scraped('orders', samplesOf('open', 0))
  logbook.scraped('orders', samplesOf('closed', 0))
  const { chargesReceived, scrapedStates, samples, findSpan } = logbook.evidence()
  expect(chargesReceived).toBe(7)
  expect([...scrapedStates]).toEqual(['open', 'closed'])
  expect(samples.orders).toEqual(samplesOf('closed', 0))
  expect(findSpan(traced)).toBe(traced)
})

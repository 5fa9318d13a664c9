import { expect, test } from 'vitest'
import { renderPromises, renderSummary } from '../src/view/summary.ts'
import type { Paint } from '../src/view/paint.ts'
import { evidence, scoreboardOf } from './evidence.ts'

const plain: Paint = (_style, text) => text
const summaryOf = (...given: Parameters<typeof evidence>): string => renderSummary(evidence(...given), plain).join('\n')

test('tells for each phase what became of its checkouts and how long they took', () => {
  const words = summaryOf()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
  expect(words).toContainEqual(['payments', 'checkouts', 'paid', 'failed slowly', 'failed fast', 'p50', 'p95', 'max'])
  expect(words).toContainEqual(['healthy', '100', '100', '0', '0', '25 ms', '25 ms', '25 ms'])
  expect(words).toContainEqual([
    'slow',
    '80',
    '0',
    '20',
    '60',
    expect.stringMatching(/^4\.[01] ms$/),
    '810 ms',
    '810 ms',
  ])
})

test('tells what the breaker saved and how long recovery took', () => {
  const summary = summaryOf()
  expect(summary).toMatch(/Failed slowly +20 calls, half of them within 810 ms/)
  expect(summary).toMatch(/Failed fast +100 calls, half of them within 4\.0 ms/)
  expect(summary).toMatch(/Opened +1 ×$/m)
  expect(summary).toMatch(/Never left +100 of 270 calls; payments received 170/)
  expect(summary).toMatch(/Recovery +2\.5 s from when payments was healthy until the breaker was closed/)
})

test('shows the fast-fail as a tree, the incident it links to, and the call that caused that', () => {
  const summary = summaryOf()
  expect(summary).toMatch(/A call that failed fast +trace fast\n +checkout/)
  expect(summary).toMatch(/↳ linked to circuit_breaker.transition payments \(closed → open\) in orders/)
  expect(summary).toMatch(/The incident its link leads to +trace incident\n/)
  expect(summary).toMatch(/└─ circuit_breaker.transition payments .* half_open → closed/)
  expect(summary).toMatch(/The call that caused it +trace cause\n +POST \/orders/)
})

test('says so when there was no outage yet', () => {
  const summary = summaryOf({
    scoreboard: scoreboardOf(['healthy', 'paid', 1, 25]),
    transitions: [],
    outages: [],
    fastFail: undefined,
  })
  expect(summary).toMatch(/Failed fast +0 calls\n/)
  expect(summary).toMatch(/Recovery +not yet/)
  expect(summary).toContain('No call failed fast.')
})

test('marks each promise as kept or broken, with the numbers, and counts them', () => {
  const kept = { promise: 'It opened', kept: true, seen: 'after 1.0 s' }
  const broken = { promise: 'It closed', kept: false, seen: 'it did not' }
  expect(renderPromises([kept, broken], plain).join('\n')).toBe(
    '\nWhat the demo promises\n  ✓ It opened\n    after 1.0 s\n  ✗ It closed\n    it did not\n\n1 of 2 promises broken.',
  )
  expect(renderPromises([kept], plain).at(-1)).toBe('All 1 promises kept.')
})

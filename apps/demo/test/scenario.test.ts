import { expect, test } from 'vitest'
import { type Progress, script } from '../src/scenario.ts'

const progress = (given: Partial<Progress>): Progress => ({
  phaseMs: 0,
  failedFast: 0,
  closedForMs: undefined,
  ...given,
})

test.each([{ once: true }, { once: false }])('plays healthy, slow, down and healthy again with %o', (options) => {
  expect(script(options).map(({ condition }) => condition)).toEqual(['healthy', 'slow', 'down', 'healthy'])
})

test('ends within a minute when played once, even if nothing happens as it should', () => {
  const longestMs = script({ once: true }).map(({ isOver }) => {
    let phaseMs = 0
    while (!isOver(progress({ phaseMs }))) phaseMs += 100
    return phaseMs
  })
  expect(longestMs.reduce((total, ms) => total + ms)).toBeLessThan(50_000)
})

test('keeps payments slow until enough calls have failed fast, on a slow machine too', () => {
  const slow = script({ once: true })[1]
  expect(slow?.isOver(progress({ phaseMs: 7_000, failedFast: 10 }))).toBe(false)
  expect(slow?.isOver(progress({ phaseMs: 7_000, failedFast: 60 }))).toBe(true)
})

test('keeps payments down for as long as it is told', () => {
  const down = script({ once: true, downSeconds: 150 })[2]
  expect(down?.isOver(progress({ phaseMs: 149_000 }))).toBe(false)
  expect(down?.isOver(progress({ phaseMs: 150_000 }))).toBe(true)
})

test('goes on after the recovery for long enough to show it', () => {
  const last = script({ once: true }).at(-1)
  expect(last?.isOver(progress({ phaseMs: 9_000 }))).toBe(false)
  expect(last?.isOver(progress({ phaseMs: 9_000, closedForMs: 1_000 }))).toBe(false)
  expect(last?.isOver(progress({ phaseMs: 9_000, closedForMs: 3_000 }))).toBe(true)
})

import { expect, test } from 'vitest'
import { formatClock, formatMs } from '../src/view/format.ts'

test.each([
  [undefined, '–'],
  [0.027, '27 µs'],
  [0.43, '0.4 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [812.3, '812 ms'],
  [999.6, '1.0 s'],
  [2_345, '2.3 s'],
])('says %s ms as %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text)
})

test.each([
  [-5, '00:00'],
  [7_999, '00:07'],
  [61_000, '01:01'],
  [3_600_000, '60:00'],
])('says %i ms on a clock as %s', (ms, text) => {
  expect(formatClock(ms)).toBe(text)
})

import { expect, test } from 'vitest'
import { isFarBeyond, isMet } from '../src/bars.ts'
import { placeOn, ticksOf } from '../src/chart/axis-scale.ts'
import { drawChart } from '../src/chart/draw-chart.ts'
import { parseFlags } from '../src/flags.ts'
import { digits, formatTable, formatTime } from '../src/report/format.ts'

test('times have the unit that suits them', () => {
  expect([46.23, 1_234, 9_300_000].map(formatTime)).toEqual(['46.2 ns', '1.23 µs', '9.3 ms'])
  expect([0.356, 3.149, 11_230].map(digits)).toEqual(['0.36', '3.15', '11,230'])
})

test('tables are aligned as text', () => {
  expect(formatTable(['call', 'time'], [['success', '1 µs']])).toBe(
    ['| call    | time |', '| ------- | ---: |', '| success | 1 µs |'].join('\n'),
  )
})

test('a bar that is missed fails a quick run only when it is missed by a factor of three', () => {
  const bar = (median: number, isGuarded = true): Parameters<typeof isMet>[0] => ({
    what: 'success ÷ bare',
    limit: 3.5,
    unit: '×',
    isGuarded,
    measured: { median, least: median, most: median },
  })
  expect([3.5, 7.1, 10.6].map((median) => isMet(bar(median)))).toEqual([true, false, false])
  expect([3.5, 7.1, 10.6].map((median) => isFarBeyond(bar(median)))).toEqual([false, false, true])
  expect(isFarBeyond(bar(10.6, false))).toBe(false)
})

test('flags that do not exist are refused', () => {
  expect(parseFlags(['--cases', 'success,failure']).cases).toEqual(['success', 'failure'])
  expect(() => parseFlags(['--cases', 'nothing'])).toThrow("There is no case 'nothing'")
  expect(() => parseFlags(['--fast'])).toThrow('--fast')
})

test('axes have round ticks and keep what is outside at their ends', () => {
  expect(ticksOf({ label: '', min: -10, max: 150 })).toEqual([0, 50, 100, 150])
  expect(ticksOf({ label: '', min: 1, max: 1_000, scale: 'log' })).toEqual([1, 10, 100, 1_000])
  expect(placeOn({ label: '', min: 1, max: 100, scale: 'log' }, 10)).toBeCloseTo(0.5)
  expect(placeOn({ label: '', min: 0, max: 10 }, 12)).toBe(1)
})

test('a chart says in words what it shows, and cannot be broken by them', () => {
  const axis = { label: 'a & b', min: 0, max: 1 }
  const svg = drawChart({ title: 'A < B', description: 'both', panels: [{ x: axis, y: axis, lines: [] }] })
  expect(svg).toContain('<title id="title">A &lt; B</title>')
  expect(svg).toContain('a &amp; b')
  expect(svg).toContain('prefers-color-scheme: dark')
})

import { expect, test } from 'vitest'
import { LatencyHistogram } from '../src/latency-histogram.ts'

function histogramOf(...latencies: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const latency of latencies) histogram.record(latency)
  return histogram
}

test('knows nothing of no calls', () => {
  expect(histogramOf().quantile(0.5)).toBeUndefined()
  expect(histogramOf().max).toBeUndefined()
})

test('gives percentiles that are right to 2 %', () => {
  const histogram = histogramOf(...Array.from({ length: 1_000 }, (_, index) => index + 1))
  expect(histogram.quantile(0.5)).toBeGreaterThanOrEqual(500)
  expect(histogram.quantile(0.5)).toBeLessThanOrEqual(510)
  expect(histogram.quantile(0.95)).toBeGreaterThanOrEqual(950)
  expect(histogram.quantile(0.95)).toBeLessThanOrEqual(969)
})

test('gives the maximum exactly, and no percentile above it', () => {
  const histogram = histogramOf(3, 812.25, 7)
  expect(histogram.max).toBe(812.25)
  expect(histogram.quantile(1)).toBe(812.25)
})

test('does not mind the order, a latency of 0, or a single call', () => {
  expect(histogramOf(900, 1, 1).quantile(0.5)).toBeLessThan(1.03)
  expect(histogramOf(0).quantile(0.5)).toBe(0)
  expect(histogramOf(42).quantile(0.01)).toBe(42)
})

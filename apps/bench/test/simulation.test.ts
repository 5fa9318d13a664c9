import { consecutiveFailures } from '@switchgear/core'
import { describe, expect, test } from 'vitest'
import { simulateFleet, SLOT_MS } from '../src/fleet/simulate-fleet.ts'
import { poisson, randomNumbers } from '../src/random.ts'
import { Latencies } from '../src/scale/latencies.ts'
import { zipf } from '../src/scale/zipf.ts'

test('random numbers are the same for the same seed', () => {
  const [a, b] = [randomNumbers(1), randomNumbers(1)]
  expect([a(), a(), a()]).toEqual([b(), b(), b()])
})

test('as many events happen as are expected', () => {
  const random = randomNumbers(1)
  const events = Array.from({ length: 10_000 }, () => poisson(3, random)).reduce((a, b) => a + b)
  expect(events / 10_000).toBeCloseTo(3, 1)
})

test('the tenth key of a Zipf distribution is drawn a tenth as often as the first', () => {
  const draw = zipf(100, randomNumbers(1))
  const counts = Array.from({ length: 100 }, () => 0)
  for (let i = 0; i < 200_000; i++) {
    const key = draw()
    counts[key] = (counts[key] ?? 0) + 1
  }
  expect((counts[0] ?? 0) / (counts[9] ?? 0)).toBeGreaterThan(9)
  expect((counts[0] ?? 0) / (counts[9] ?? 0)).toBeLessThan(11)
})

test('a quantile is right to a sixteenth', () => {
  const latencies = new Latencies()
  for (let ns = 1; ns <= 10_000; ns++) latencies.add(ns)
  expect(latencies.quantile(0.5) / 5_000).toBeGreaterThanOrEqual(1)
  expect(latencies.quantile(0.5) / 5_000).toBeLessThanOrEqual(1 + 1 / 16)
  expect(latencies.quantile(1)).toBe(10_000)
})

describe('a simulated fleet', () => {
  const options = {
    instances: 10,
    callsPerSecond: 1_000,
    breaker: () => ({ trip: consecutiveFailures(5), openMs: 5_000 }),
    downFromMs: 1_000,
    downUntilMs: 3_000,
    endMs: 15_000,
    capacityAt: () => 2_000,
  }
  const { calls, failures, openInstances } = simulateFleet(options)
  const slot = (ms: number): number => ms / SLOT_MS

  test('opens when calls have failed, and not before the first of them has ended', () => {
    expect(openInstances.slice(0, slot(2_000)).every((open) => open === 0)).toBe(true)
    expect(openInstances[slot(2_500)]).toBe(10)
  })

  test('makes no calls while all are open', () => {
    expect(calls[slot(2_800)]).toBe(0)
    expect(failures[slot(2_800)]).toBe(0)
  })

  test('closes when it is up again', () => {
    expect(openInstances.at(-1)).toBe(0)
  })

  test('is refused what is above the capacity', () => {
    const run = simulateFleet({ ...options, downFromMs: 0, downUntilMs: 0, endMs: 100, capacityAt: () => 500 })
    expect(run.failures[0]).toBe((run.calls[0] ?? 0) - 50)
  })
})

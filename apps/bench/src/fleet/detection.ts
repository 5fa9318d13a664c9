import {
  anyOf,
  type CircuitBreakerOptions,
  consecutiveFailures,
  exponentialBackoff,
  failureRate,
} from '@switchgear/core'
import type { Axis, Chart, Panel } from '../chart/chart.ts'
import { type FleetRun, simulateFleet, SLOT_MS } from './simulate-fleet.ts'

/** How soon a fleet of a size sees an outage, and what it spends on it. */
export interface Detection {
  readonly instances: number
  readonly policy: string
  /** From the start of the outage until half of the instances are open. */
  readonly seconds: number
  /** Calls that failed during the outage. */
  readonly wasted: number
  /** Those of them that were made after nine in ten instances had been open. */
  readonly probes: number
}

const SIZES = [1, 3, 10, 30, 100, 300, 1_000]
const CALLS_PER_SECOND = 1_000
const DOWN_FROM_MS = 60_000
const DOWN_UNTIL_MS = 180_000

const rate = failureRate({ threshold: 0.5, minimumCalls: 20, window: { ms: 30_000 } })
const policies: Record<string, NonNullable<CircuitBreakerOptions['trip']>> = {
  'five failures in a row': consecutiveFailures(5),
  'half of the calls in 30 s, of at least 20': rate,
  'ten in a row, or that rate': anyOf(consecutiveFailures(10), rate),
}

export function measureDetection(): Detection[] {
  return Object.entries(policies).flatMap(([policy, trip]) =>
    SIZES.map((instances) => {
      const run = simulateFleet({
        instances,
        callsPerSecond: CALLS_PER_SECOND,
        breaker: (random) => ({ trip, openMs: exponentialBackoff({ initialMs: 5_000, maxMs: 60_000, random }) }),
        downFromMs: DOWN_FROM_MS,
        downUntilMs: DOWN_UNTIL_MS,
        endMs: DOWN_UNTIL_MS,
        capacityAt: () => Number.POSITIVE_INFINITY,
      })
      return { instances, policy, ...read(run, instances) }
    }),
  )
}

function read({ openInstances, failures }: FleetRun, instances: number): Omit<Detection, 'instances' | 'policy'> {
  const start = DOWN_FROM_MS / SLOT_MS
  const after = (share: number): number =>
    openInstances.findIndex((open, slot) => slot >= start && open >= share * instances)
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  return {
    seconds: ((after(0.5) - start + 1) * SLOT_MS) / 1_000,
    wasted: sum(failures),
    probes: sum(failures.slice(after(0.9) + 1)),
  }
}

export function detectionChart(detections: readonly Detection[]): Chart {
  return {
    title: 'Time until half of a fleet is open',
    description: `An outage in which every call takes a second to fail; ${CALLS_PER_SECOND.toLocaleString('en')} calls a second in all, spread over 1 to 1,000 instances.`,
    panels: [panelOf(detections, 'seconds', { label: 'seconds', min: 0, max: 20 })],
  }
}

export function wasteChart(detections: readonly Detection[]): Chart {
  return {
    title: 'Calls that fail in an outage of two minutes',
    description: `${CALLS_PER_SECOND.toLocaleString('en')} calls a second in all, spread over 1 to 1,000 instances, probes included. Without a breaker it would be 120,000.`,
    panels: [panelOf(detections, 'wasted', { label: 'failed calls', min: 1_000, max: 100_000, scale: 'log' })],
  }
}

function panelOf(detections: readonly Detection[], value: 'seconds' | 'wasted', y: Axis): Panel {
  const byPolicy = Map.groupBy(detections, ({ policy }) => policy)
  return {
    x: { label: 'instances', min: 1, max: 1_000, scale: 'log' },
    y,
    lines: [...byPolicy].map(([name, of]) => ({
      name,
      dots: true,
      points: of.map((each) => [each.instances, each[value]]),
    })),
  }
}

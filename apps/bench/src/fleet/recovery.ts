import { type CircuitBreakerOptions, exponentialBackoff } from '@switchgear/core'
import type { Chart } from '../chart/chart.ts'
import { simulateFleet, SLOT_MS } from './simulate-fleet.ts'

/** How a fleet comes back to a dependency that comes back cold: on average of many outages, all figures from its return on. */
export interface Recovery {
  readonly title: string
  /** Calls in each second of one outage, from ten seconds before its end. */
  readonly load: readonly (readonly [second: number, calls: number])[]
  /** The most calls in a second, as a part of what it could do in that second. */
  readonly peak: number
  /** Calls that it refused because there were too many. */
  readonly refused: number
  /** Calls that the fleet wanted and that were not served. */
  readonly unserved: number
  /** Until nine in ten of the calls that the fleet wants are served. */
  readonly servedAfterS: number
}

const INSTANCES = 300
const CALLS_PER_SECOND = 1_500
const CAPACITY = CALLS_PER_SECOND * 1.2
const DOWN_FROM_MS = 60_000
/** How long the outages last: openings, and so the moments at which probes are due, fall differently into each. */
const OUTAGES_S = Array.from({ length: 11 }, (_, i) => 100 + 4 * i)
const SHOWN_OUTAGE_S = 120
const SHOWN_BEFORE_S = 10
const SHOWN_AFTER_S = 150
const SLOTS_PER_SECOND = 1_000 / SLOT_MS

/** Cold it can do a tenth of what it can do a minute later, which is a fifth more than the fleet wants. */
function capacityAfter(upForMs: number): number {
  return CAPACITY * (0.1 + 0.9 * Math.min(1, upForMs / 60_000))
}

const ways: Record<string, { readonly jitter: number; readonly rampUp?: CircuitBreakerOptions['rampUp'] }> = {
  'neither jitter nor rampUp': { jitter: 0 },
  'jitter (the default)': { jitter: 0.5 },
  'rampUp without jitter': { jitter: 0, rampUp: { stepMs: 10_000 } },
  'jitter and rampUp': { jitter: 0.5, rampUp: { stepMs: 10_000 } },
}

export function measureRecovery(): Recovery[] {
  return Object.entries(ways).map(([title, way]) => {
    const outages = OUTAGES_S.map((seconds) => recover(seconds, way))
    const mean = (part: (outage: Outage) => number): number => sum(outages.map(part)) / outages.length
    return {
      title,
      load: outages[OUTAGES_S.indexOf(SHOWN_OUTAGE_S)]?.load ?? [],
      peak: mean(({ peak }) => peak),
      refused: mean(({ refused }) => refused),
      unserved: mean(({ unserved }) => unserved),
      servedAfterS: mean(({ servedAfterS }) => servedAfterS),
    }
  })
}

type Outage = Omit<Recovery, 'title'>

function recover(outageS: number, { jitter, rampUp }: (typeof ways)[string]): Outage {
  const upAgainMs = DOWN_FROM_MS + outageS * 1_000
  const { calls, failures } = simulateFleet({
    instances: INSTANCES,
    callsPerSecond: CALLS_PER_SECOND,
    breaker: (random) => ({ openMs: exponentialBackoff({ initialMs: 5_000, maxMs: 30_000, jitter, random }), rampUp }),
    downFromMs: DOWN_FROM_MS,
    downUntilMs: upAgainMs,
    endMs: upAgainMs + SHOWN_AFTER_S * 1_000,
    capacityAt: (ms) => (ms < upAgainMs ? CAPACITY : capacityAfter(ms - upAgainMs)),
  })
  const callsAfter = calls.slice(upAgainMs / SLOT_MS)
  const failuresAfter = failures.slice(upAgainMs / SLOT_MS)
  const served = bySecond(callsAfter.map((count, slot) => count - (failuresAfter[slot] ?? 0)))
  return {
    load: bySecond(calls.slice(upAgainMs / SLOT_MS - SHOWN_BEFORE_S * SLOTS_PER_SECOND)).map((count, i) => [
      i - SHOWN_BEFORE_S,
      count,
    ]),
    peak: Math.max(...bySecond(callsAfter).map((count, second) => count / capacityAfter(second * 1_000))),
    refused: sum(failuresAfter),
    unserved: CALLS_PER_SECOND * SHOWN_AFTER_S - sum(served),
    servedAfterS: served.findLastIndex((count) => count < 0.9 * CALLS_PER_SECOND) + 1,
  }
}

export function recoveryChart(recoveries: readonly Recovery[]): Chart {
  const seconds = Array.from({ length: SHOWN_BEFORE_S + SHOWN_AFTER_S }, (_, i) => i - SHOWN_BEFORE_S)
  const capacity = seconds.map((second) => [second, second < 0 ? 0 : capacityAfter(second * 1_000)] as const)
  return {
    title: 'Load on a dependency that comes back cold',
    description: `${INSTANCES} instances that want ${CALLS_PER_SECOND.toLocaleString('en')} calls a second in all, after an outage of ${SHOWN_OUTAGE_S} seconds.`,
    columns: 2,
    panels: recoveries.map(({ title, load }) => ({
      title,
      x: { label: 'seconds since it is up again', min: -SHOWN_BEFORE_S, max: SHOWN_AFTER_S },
      y: { label: 'calls per second', min: 0, max: 2_000 },
      lines: [
        { name: 'what it can do', points: capacity, dashed: true },
        { name: 'calls made', points: load },
      ],
    })),
  }
}

function bySecond(slots: readonly number[]): number[] {
  const seconds: number[] = []
  for (let slot = 0; slot < slots.length; slot += SLOTS_PER_SECOND) {
    seconds.push(sum(slots.slice(slot, slot + SLOTS_PER_SECOND)))
  }
  return seconds
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

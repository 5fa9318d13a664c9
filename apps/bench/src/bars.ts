import { callCases, type CallCaseName } from './call-cases.ts'
import type { IdleCost } from './cases/idle-breakers.ts'
import { ratioOf, type Spread } from './measure/statistics.ts'
import type { Timing } from './measure/time-contenders.ts'

/** Something that is measured, and what it may come to at most. */
export interface Bar {
  readonly what: string
  readonly limit: number
  readonly measured: Spread
  readonly unit: '×' | ' B' | ' ms' | ''
  /** Whether a quick run fails on it. An absolute time depends on the machine, and sizes have a guard of their own. */
  readonly isGuarded: boolean
}

export interface Measurements {
  readonly calls: readonly Timing[]
  readonly scrapes: readonly Timing[]
  readonly idle: readonly IdleCost[]
  readonly bundleBytes: number | undefined
}

const callBars: readonly (readonly [CallCaseName, to: string, limit: number, what: string])[] = [
  ['success', 'bare await', 3.5, 'closed, success ÷ bare await'],
  ['success', 'cockatiel', 0.6, 'closed, success ÷ cockatiel'],
  ['success', 'opossum', 0.35, 'closed, success ÷ opossum, timeout off'],
  ['failure', 'bare await', 1.6, 'closed, failure ÷ bare rejection'],
  ['busyFailure', 'bare await', 1.6, 'closed, failure, 100,000 calls in the window ÷ bare rejection'],
  ['fastFail', 'bare await', 1.7, 'open, fast-fail ÷ bare rejection'],
  ['fastFail', 'cockatiel', 0.35, 'open, fast-fail ÷ cockatiel'],
  ['fastFail', 'opossum', 0.35, 'open, fast-fail ÷ opossum'],
  ['timeout', 'opossum', 0.6, '10 s timeout ÷ opossum, which has one by default'],
]

/** What the bars are about: the cases, and with whom they compare. */
export const barCases: CallCaseName[] = [...new Set(callBars.map(([name]) => name))]
export const barColumns: ReadonlySet<string> = new Set(['switchgear', ...callBars.map(([, to]) => to)])

/** The bars of which everything was measured. */
export function barsOf({ calls, scrapes, idle, bundleBytes }: Measurements): Bar[] {
  const bars: Bar[] = []
  for (const [name, to, limit, what] of callBars) {
    const ours = cpuTimes(calls, callCases[name].title, 'switchgear')
    const theirs = cpuTimes(calls, callCases[name].title, to)
    if (ours && theirs) bars.push({ what, limit, measured: ratioOf(ours, theirs), unit: '×', isGuarded: true })
  }
  const one = (value: number): Spread => ({ median: value, least: value, most: value })
  const [breaker] = idle
  if (breaker) {
    const { heapBytes, timers } = breaker
    bars.push({ what: 'heap of an idle breaker', limit: 700, measured: one(heapBytes), unit: ' B', isGuarded: true })
    bars.push({ what: 'timers of an idle breaker', limit: 0, measured: one(timers), unit: '', isGuarded: true })
  }
  if (bundleBytes !== undefined) {
    const what = '`CircuitBreaker` alone, minified and compressed'
    bars.push({ what, limit: 5_000, measured: one(bundleBytes), unit: ' B', isGuarded: false })
  }
  const scrape = cpuTimes(scrapes, '100 breakers', 'scrape')
  if (scrape) {
    const ms = ratioOf(
      scrape,
      scrape.map(() => 1e6),
    )
    bars.push({ what: 'scrape of 100 breakers', limit: 10, measured: ms, unit: ' ms', isGuarded: false })
  }
  return bars
}

export function isMet({ measured, limit }: Bar): boolean {
  return measured.median <= limit
}

/** So far beyond the bar that no machine and no load explains it. */
export function isFarBeyond({ measured, limit, isGuarded }: Bar): boolean {
  return isGuarded && measured.median > 3 * limit
}

function cpuTimes(timings: readonly Timing[], row: string, column: string): number[] | undefined {
  return timings
    .find(({ contender }) => contender.row === row && contender.column === column)
    ?.rounds.map(({ cpuNs }) => cpuNs)
}

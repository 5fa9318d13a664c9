import { LatencyHistogram } from './latency-histogram.ts'
import { type Checkout, type Outcome, type OutcomeCounts, outcomes } from './outcome.ts'
import type { PhaseName } from './scenario.ts'

/** What became of the checkouts that began in one phase. */
export interface PhaseScore {
  readonly latency: LatencyHistogram
  readonly counts: Record<Outcome, number>
}

/** Counts checkouts: in all, by phase, by outcome, and since it was last asked. */
export class Scoreboard {
  readonly #phases = new Map<PhaseName, PhaseScore>()
  readonly #latencies = perOutcome(() => new LatencyHistogram())
  readonly #totals = perOutcome(() => 0)
  #recent = perOutcome(() => 0)

  record(phase: PhaseName, { outcome, latencyMs }: Checkout): void {
    const score = this.#phases.get(phase) ?? { latency: new LatencyHistogram(), counts: perOutcome(() => 0) }
    this.#phases.set(phase, score)
    score.latency.record(latencyMs)
    score.counts[outcome]++
    this.#latencies[outcome].record(latencyMs)
    this.#totals[outcome]++
    this.#recent[outcome]++
  }

  /** In the order in which the phases began. */
  get phases(): ReadonlyMap<PhaseName, PhaseScore> {
    return this.#phases
  }

  get totals(): OutcomeCounts {
    return { ...this.#totals }
  }

  /** How long checkouts with this outcome took. */
  latency(outcome: Outcome): LatencyHistogram {
    return this.#latencies[outcome]
  }

  /** What was counted since the last time this was called. */
  takeRecent(): OutcomeCounts {
    const recent = this.#recent
    this.#recent = perOutcome(() => 0)
    return recent
  }
}

export function sum(counts: OutcomeCounts): number {
  return outcomes.reduce((total, outcome) => total + counts[outcome], 0)
}

function perOutcome<T>(make: () => T): Record<Outcome, T> {
  return { paid: make(), failed_slowly: make(), failed_fast: make(), lost: make() }
}

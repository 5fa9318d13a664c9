import type { BreakerState, RejectionReason, Verdict } from '@switchgear/core'
import type { BreakerView, Scenario } from './scenario.ts'
import type { Result } from './trip-rule.ts'

/** A state from its beginning to its end. */
export interface Chapter {
  readonly state: BreakerState
  readonly from: number
  /** When it ends by itself. */
  until: number
  /** Who keeps the breaker in it. */
  override: number | undefined
  /** The calls that ended while it lasted and were judged. */
  readonly results: Result[]
}

export interface Call {
  /** Undefined for a call that only `observe` lets through. */
  readonly chapter: Chapter | undefined
  readonly probe: boolean
  readonly from: number
  /** Whether it was executed, and may have a time limit; else it is a permit. */
  readonly isExecuted: boolean
  end?: { readonly verdict: Verdict; readonly isStale: boolean; readonly durationMs: number }
}

/** All that has happened to a breaker, and what follows from it: every answer is worked out anew from the lists. */
export class BreakerRecord {
  readonly scenario: Scenario
  readonly chapters: Chapter[] = []
  readonly calls: Call[] = []
  readonly rejections: RejectionReason[] = []
  now = 0

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.begin('closed')
  }

  get chapter(): Chapter {
    return this.chapters.at(-1) as Chapter
  }

  get state(): BreakerState {
    const { state, until } = this.chapter
    if (this.now < until) return state
    return state === 'disabled' ? 'closed' : 'half_open'
  }

  /** The probes that hold a place, oldest first. */
  get inFlight(): Call[] {
    return this.calls.filter(({ chapter, probe, end }) => chapter === this.chapter && probe && end === undefined)
  }

  /** Those of them whose lease is over. */
  get lapsed(): Call[] {
    return this.inFlight.filter(({ from }) => this.now - from >= this.scenario.leaseMs)
  }

  get failures(): number {
    return this.chapter.results.filter(({ failed }) => failed).length
  }

  /** How often the breaker has opened since it was closed. */
  get openings(): number {
    const lastClosed = this.chapters.findLastIndex(({ state }) => state === 'closed')
    return this.chapters.slice(lastClosed).filter(({ state }) => state === 'open').length
  }

  get isAvailable(): boolean {
    const { mode, failuresToOpen, maxConcurrent, openMs } = this.scenario
    if (mode === 'observe') return true
    if (this.state !== 'half_open') return this.state === 'closed' || this.state === 'disabled'
    const lapsed = this.lapsed.length
    if (this.failures + lapsed >= failuresToOpen) return lapsed === 0 || openMs[0] === 0
    return this.inFlight.length - lapsed < maxConcurrent
  }

  begin(state: BreakerState): void {
    const until = Number.POSITIVE_INFINITY
    this.chapters.push({ state, from: this.now, until, override: undefined, results: [] })
  }

  view(): Omit<BreakerView, 'heard' | 'blunders'> {
    const { state, override, until, results } = this.chapter
    const isProbing = state === 'half_open'
    return {
      states: [this.state, this.state],
      isAvailable: this.isAvailable,
      retryAfterMs: this.#retryAfterMs(),
      trip: this.scenario.rule.readings(state === 'closed' ? results : [], this.now),
      halfOpen: {
        inFlight: this.inFlight.length,
        successes: isProbing ? results.length - this.failures : 0,
        failures: isProbing ? this.failures : 0,
      },
      totals: this.#totals(),
      rejections: this.#rejected('enforce'),
      wouldReject: this.#rejected('observe'),
      transitions: this.chapters.length - 1,
      timeInState: this.#timeInState(),
      override: override === undefined || this.now >= until ? undefined : String(override),
    }
  }

  #rejected(mode: Scenario['mode']): Record<RejectionReason, number> {
    const reasons = this.scenario.mode === mode ? this.rejections : []
    const count = (reason: RejectionReason): number => reasons.filter((given) => given === reason).length
    const [open, full, forced] = [count('open'), count('half_open_full'), count('forced_open')]
    return { open, half_open_full: full, ramping: 0, forced_open: forced }
  }

  #totals(): BreakerView['totals'] {
    const { slowMs = Number.POSITIVE_INFINITY } = this.scenario.rule
    const ends = this.calls.flatMap(({ end }) => end ?? [])
    const count = (verdict: Verdict): number => ends.filter((end) => end.verdict === verdict).length
    return {
      success: count('success'),
      failure: count('failure'),
      ignored: count('ignored'),
      stale: ends.filter(({ isStale }) => isStale).length,
      slow: ends.filter(({ durationMs }) => durationMs >= slowMs).length,
      active: this.calls.length - ends.length,
    }
  }

  #retryAfterMs(): number | undefined {
    const { state, until } = this.chapter
    const [oldest] = this.inFlight
    const waitsForPlace = oldest !== undefined && !this.isAvailable
    const placeAt = waitsForPlace ? oldest.from + this.scenario.leaseMs : 0
    const left = { open: until, forced_open: until, half_open: placeAt, closed: 0, disabled: 0 }[state] - this.now
    return left > 0 && left < Number.POSITIVE_INFINITY ? left : undefined
  }

  #timeInState(): Record<BreakerState, number> {
    const times = { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 }
    for (const [index, { state, from, until }] of this.chapters.entries()) {
      const next = this.chapters[index + 1]?.from ?? this.now
      const end = Math.min(until, next)
      times[state] += end - from
      times[state === 'disabled' ? 'closed' : 'half_open'] += next - end
    }
    return times
  }
}

import type { IssuedPermit } from './permit.ts'
import type { RampLimits, State } from './state.ts'

/** Lets calls into a half-open breaker: so many at once, each for so long; or, in a ramp-up, a share of all. */
export class ProbeGate {
  readonly #leaseMs: number
  readonly #maxConcurrent: number
  readonly #rampUp: RampLimits | undefined
  /** Oldest first: all leases are of one length. */
  readonly #inFlight = new Set<IssuedPermit>()
  /** What the ramp-up owes its callers, in percent of a call. */
  #credit = 0
  /** Changes with each step of a ramp-up: a step is judged by its own calls. */
  phase = 0

  constructor(limits: {
    readonly probeTimeoutMs: number
    readonly maxConcurrent: number
    readonly rampUp?: RampLimits | undefined
  }) {
    this.#leaseMs = limits.probeTimeoutMs
    this.#maxConcurrent = limits.maxConcurrent
    this.#rampUp = limits.rampUp
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** The share of calls that is admitted, in percent; undefined outside a ramp-up. */
  percent(state: State): number | undefined {
    return state.name === 'half_open' && state.ramp ? this.#rampUp?.stepsPercent[state.ramp.index] : undefined
  }

  /** Why a call cannot come in, or undefined. In a ramp-up each call earns its share; every full hundred admits one. */
  refusal(state: State): 'half_open_full' | 'ramping' | undefined {
    const percent = this.percent(state)
    if (percent === undefined) return this.#inFlight.size < this.#maxConcurrent ? undefined : 'half_open_full'
    this.#credit += percent
    if (this.#credit < 100) return 'ramping'
    this.#credit -= 100
    return undefined
  }

  /** Whether a call could come in at `now`, when those whose lease is over have made room. */
  hasRoom(state: State, now: number): boolean {
    const percent = this.percent(state)
    if (percent !== undefined) return this.#credit + percent >= 100
    return this.#inFlight.size - this.lapsedAt(now) < this.#maxConcurrent
  }

  add(probe: IssuedPermit): void {
    probe.phase = this.phase
    this.#inFlight.add(probe)
  }

  delete(probe: IssuedPermit): void {
    this.#inFlight.delete(probe)
  }

  clear(): void {
    this.#inFlight.clear()
  }

  /** How many have a lease that is over. */
  lapsedAt(now: number): number {
    let lapsed = 0
    for (const probe of this.#inFlight) {
      if (now - probe.startedAt < this.#leaseMs) break
      lapsed++
    }
    return lapsed
  }

  /** Those whose lease is over. */
  lapsed(now: number): IssuedPermit[] {
    const count = this.lapsedAt(now)
    // Looked for at each call: in a ramp-up there may be many in flight.
    return count === 0 ? [] : [...this.#inFlight].slice(0, count)
  }

  /** When the next place becomes free at the latest. */
  nextEnd(): number | undefined {
    const [oldest] = this.#inFlight
    return oldest && oldest.startedAt + this.#leaseMs
  }

  /** Another ramp-up step, or probing again: it is judged by calls of its own, and admits the first one that comes. */
  startPhase(state: State): void {
    this.phase++
    this.#inFlight.clear()
    this.#credit = 100 - (this.percent(state) ?? 0)
  }
}

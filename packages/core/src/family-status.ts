import type { RejectionReason } from './errors.ts'
import type { Verdict } from './events.ts'
import { isClear } from './knows-of-failures.ts'
import type { Machine } from './machine.ts'
import type { BreakerConfig } from './options.ts'
import { type BreakerState, stateAt } from './state.ts'
import { noRejections, noTime, type TransitionCount } from './totals.ts'
import type { TripReading } from './trip-policy.ts'

/**
 * What the keyed breakers of one name come to together: the numbers of a `CircuitBreakerStatus`, added up. Keys that were
 * let go stay in all sums but `breakers`, `states` and `totals.active`, so that a sum never goes down.
 */
export interface FamilyStatus {
  readonly name: string
  readonly mode: 'enforce' | 'observe'
  readonly critical: boolean
  /** How many breakers have this name now. */
  readonly breakers: number
  /** How many of them are in each state now. */
  readonly states: Readonly<Record<BreakerState, number>>
  readonly totals: Readonly<Record<Verdict | 'stale' | 'slow' | 'active', number>>
  /** For each trip policy, the reading of the breaker that is nearest to what trips it. */
  readonly trip: readonly TripReading[]
  /** At most fifty types, the rest under `_OTHER`. */
  readonly failuresByType: Readonly<Record<string, number>>
  readonly rejections: Readonly<Record<RejectionReason, number>>
  readonly wouldReject: Readonly<Record<RejectionReason, number>>
  readonly transitions: readonly TransitionCount[]
  /** Milliseconds that breakers were in each state: ten breakers closed for a second are 10,000. */
  readonly timeInState: Readonly<Record<BreakerState, number>>
}

const TYPES_KEPT = 50
const OTHER_TYPE = '_OTHER'

/** The sums over the breakers of one name. */
export class FamilyTally {
  readonly name: string
  /** How many breakers of this name there are. */
  breakers = 0
  readonly #states = noTime()
  #trip: readonly TripReading[] = []
  readonly #totals = { success: 0, failure: 0, ignored: 0, stale: 0, slow: 0, active: 0 }
  /** Types that have a sum of their own: once in, always in, or a sum would go down. Shared with copies. */
  readonly #types: Set<string>
  readonly #failuresByType = new Map<string, number>()
  readonly #rejections = noRejections()
  readonly #wouldReject = noRejections()
  readonly #transitions: { -readonly [K in keyof TransitionCount]: TransitionCount[K] }[] = []
  readonly #timeInState = noTime()

  constructor(name: string, types: Set<string> = new Set()) {
    this.name = name
    this.#types = types
  }

  /** The same sums with no breaker, to add those that are there now. */
  copy(): FamilyTally {
    const copy = new FamilyTally(this.name, this.#types)
    addEach(copy.#totals, this.#totals)
    addEach(copy.#rejections, this.#rejections)
    addEach(copy.#wouldReject, this.#wouldReject)
    addEach(copy.#timeInState, this.#timeInState)
    for (const [type, count] of this.#failuresByType) copy.#failuresByType.set(type, count)
    copy.#addTransitions(this.#transitions)
    return copy
  }

  /** Adds a breaker that is there. */
  addLive(machine: Machine, now: number): void {
    this.breakers++
    this.#states[stateAt(machine.state, now)]++
    this.#totals.active += machine.totals.active
    // Most breakers know of no failure: after the first, which says what there is to read, they say nothing new.
    if (this.#trip.length === 0 || !isClear(machine, now)) {
      this.#trip = nearest(this.#trip, machine.readings(now))
    }
    this.addGone(machine, now)
  }

  /** Adds a breaker that was let go. */
  addGone({ totals, state, recent }: Machine, now: number): void {
    this.#totals.success += totals.success
    this.#totals.failure += totals.failure
    this.#totals.ignored += totals.ignored
    this.#totals.stale += totals.stale
    this.#totals.slow += totals.slow
    if (recent !== undefined) this.#addFailures(recent.countsByType())
    const transitions = totals.transitions()
    // Most breakers have been closed all the time, and so have rejected nothing.
    if (transitions.length === 0) {
      this.#timeInState.closed += now - state.since
      return
    }
    this.#addTransitions(transitions)
    addEach(this.#rejections, totals.rejections())
    addEach(this.#wouldReject, totals.wouldReject())
    addEach(this.#timeInState, totals.timeInState(state, now))
  }

  status({ mode, critical }: BreakerConfig): FamilyStatus {
    return {
      name: this.name,
      mode,
      critical,
      breakers: this.breakers,
      states: this.#states,
      totals: this.#totals,
      trip: this.#trip,
      failuresByType: Object.fromEntries(this.#failuresByType),
      rejections: this.#rejections,
      wouldReject: this.#wouldReject,
      transitions: this.#transitions,
      timeInState: this.#timeInState,
    }
  }

  #addTransitions(transitions: readonly TransitionCount[]): void {
    for (const { from, to, count } of transitions) {
      // There are few kinds, and this is quicker than to look them up by a name that has to be made.
      const sum = this.#transitions.find((known) => known.from === from && known.to === to)
      if (sum === undefined) this.#transitions.push({ from, to, count })
      else sum.count += count
    }
  }

  #addFailures(countsByType: Record<string, number>): void {
    for (const [type, count] of Object.entries(countsByType)) {
      if (this.#types.size < TYPES_KEPT) this.#types.add(type)
      const kept = this.#types.has(type) ? type : OTHER_TYPE
      this.#failuresByType.set(kept, count + (this.#failuresByType.get(kept) ?? 0))
    }
  }
}

/** Of two breakers with one set of policies, the reading of each policy that is nearer to what trips. */
function nearest(a: readonly TripReading[], b: readonly TripReading[]): readonly TripReading[] {
  return b.map((reading, i) => {
    const other = a[i]
    return other !== undefined && nearness(other) >= nearness(reading) ? other : reading
  })
}

function nearness({ value = -1, threshold }: TripReading): number {
  return value / threshold
}

function addEach<K extends string>(sums: Record<K, number>, numbers: Readonly<Record<K, number>>): void {
  for (const name in sums) sums[name] += numbers[name]
}

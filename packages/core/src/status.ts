import type { RejectionReason } from './errors.ts'
import type { Verdict, WarningCode } from './events.ts'
import type { Machine } from './machine.ts'
import type { FailureRecord } from './recent-failures.ts'
import { retryAfterMs } from './rejection.ts'
import type { OpeningDetails } from './snapshot.ts'
import { type BreakerState, type OverrideDetails, stateAt } from './state.ts'
import type { TransitionCount } from './totals.ts'
import type { TripReading } from './trip-policy.ts'

/** How far a half-open breaker has got. */
export interface HalfOpenStatus {
  readonly inFlight: number
  readonly successes: number
  readonly failures: number
  /** The share of calls that a ramp-up admits now. */
  readonly rampPercent?: number
}

/** All that can be read of a breaker, as plain JSON. Times are in ms since 1970, durations in ms; what is unknown is absent. */
export interface CircuitBreakerStatus {
  readonly name: string
  /** Which one of a family of keyed breakers it is. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  /** An open state whose time is over reads as `half_open` already. */
  readonly state: BreakerState
  readonly mode: 'enforce' | 'observe'
  readonly critical: boolean
  /** Since when the breaker is in this state. */
  readonly since: number
  /** When it opened last, in ms since 1970; while it is open, half-open or forced open. */
  readonly openedAt?: number
  /** Why it opened, in the first place: failed probes may have opened it again since. */
  readonly openedBy?: OpeningDetails
  /** After how long a call may be admitted again; while none would be, and where known. */
  readonly retryAfterMs?: number
  /** A reading for each trip policy that takes part. */
  readonly trip: readonly TripReading[]
  /** The probes of this half-open phase, or the calls of the ramp-up step that is under way. */
  readonly halfOpen: HalfOpenStatus
  /**
   * Calls from creation on. `stale` and `slow` ones are in their verdict's number too; `active` ones have not ended.
   */
  readonly totals: Readonly<Record<Verdict | 'stale' | 'slow' | 'active', number>>
  /** Failures from creation on by type: at most ten types, the rest under `_OTHER`. */
  readonly failuresByType: Readonly<Record<string, number>>
  readonly rejections: Readonly<Record<RejectionReason, number>>
  /** Calls that `mode: 'observe'` made although they would have been rejected. */
  readonly wouldReject: Readonly<Record<RejectionReason, number>>
  readonly transitions: readonly TransitionCount[]
  readonly timeInState: Readonly<Record<BreakerState, number>>
  /** Who holds the breaker open or disabled, why, and until when. */
  readonly override?: OverrideDetails & { readonly until?: number }
  /** The last ten failures, newest last. */
  readonly recentFailures: readonly FailureRecord[]
  /** How often something threw that is not a call, by code; each code is sent as a `warning` event once. */
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
}

/** Reads a machine; changes nothing. */
export function statusOf(machine: Machine): CircuitBreakerStatus {
  const { state, config, totals, opened } = machine
  const now = config.clock.now()
  const wait = retryAfterMs(machine, now)
  const name = stateAt(state, now)
  // When a state's time is over, the one it reads as began then.
  const dueAfter = name === state.name || !('until' in state) ? 0 : state.until - state.since
  const status: CircuitBreakerStatus = {
    name: machine.name,
    ...machine.keyed,
    state: name,
    mode: config.mode,
    critical: config.critical,
    since: machine.sinceWall + Math.round(dueAfter),
    ...(opened && { openedAt: opened.at, openedBy: opened.by }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    trip: machine.readings(now),
    halfOpen: halfOpenOf(machine),
    totals: {
      success: totals.success,
      failure: totals.failure,
      ignored: totals.ignored,
      stale: totals.stale,
      slow: totals.slow,
      active: totals.active,
    },
    failuresByType: machine.recent?.countsByType() ?? {},
    rejections: totals.rejections(),
    wouldReject: totals.wouldReject(),
    transitions: totals.transitions(),
    timeInState: totals.timeInState(state, now),
    ...('override' in state &&
      name === state.name && {
        override: {
          ...state.override,
          ...(state.until !== Number.POSITIVE_INFINITY && {
            until: machine.sinceWall + Math.round(state.until - state.since),
          }),
        },
      }),
    recentFailures: machine.recentFailures(),
    warnings: machine.hub.warnings(),
  }
  // A function of the options that was called for this may have thrown.
  machine.hub.flush()
  return status
}

function halfOpenOf({ state, gate }: Machine): HalfOpenStatus {
  const inFlight = gate?.inFlight ?? 0
  if (state.name !== 'half_open') return { inFlight, successes: 0, failures: 0 }
  const { successes, failures, ramp } = state
  if (ramp === undefined) return { inFlight, successes, failures }
  return {
    inFlight,
    successes: ramp.calls - ramp.failures,
    failures: ramp.failures,
    rampPercent: Number(gate?.percent(state)),
  }
}

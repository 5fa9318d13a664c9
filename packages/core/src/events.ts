import type { RejectionReason } from './errors.ts'
import type { FailureRecord } from './recent-failures.ts'
import type { BreakerState, OverrideDetails, Trigger } from './state.ts'
import type { TripReading } from './trip-policy.ts'

/** What a call came to. `ignored` moves no counter: it says nothing about the service. */
export type Verdict = 'success' | 'failure' | 'ignored'

/** A change of state. Sent exactly once for each. */
export interface TransitionEvent {
  /** The breaker's name. */
  readonly breaker: string
  /** Which one of a family of keyed breakers it was. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly trigger: Trigger
  /** When, in ms since 1970. */
  readonly at: number
  /** How long the breaker was in `from`, in ms. */
  readonly dwellMs: number
  /** What the trip policies read just before: the numbers that decided, against their thresholds. */
  readonly window: readonly TripReading[]
  /** The last failures, newest last. */
  readonly recentFailures: readonly FailureRecord[]
  /** What the call that caused the transition had thrown. */
  readonly error?: unknown
  /** Given by the operator who caused the transition. */
  readonly override?: OverrideDetails
}

/** A call that was admitted has ended. */
export interface CallEvent {
  readonly breaker: string
  /** Which one of a family of keyed breakers it was. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  /** How long it took; exact while somebody listens for `success`, else as in {@link FailureRecord}. */
  readonly durationMs: number
  /** Whether the call was a trial in half_open. */
  readonly probe: boolean
  /** What the call threw; absent for a success, and for a value that was judged. */
  readonly error?: unknown
}

/** A call was not admitted. */
export interface RejectedEvent {
  readonly breaker: string
  /** Which one of a family of keyed breakers it was. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  /** When, in ms since 1970. */
  readonly at: number
  readonly state: BreakerState
  readonly reason: RejectionReason
  /** False in `mode: 'observe'`: the call was made all the same. */
  readonly enforced: boolean
  /** Milliseconds after which a call may be admitted again, where known. */
  readonly retryAfterMs?: number
}

/** A call ended after the state that admitted it. It is in the totals and moved nothing else. */
export interface StaleEvent extends CallEvent {
  readonly verdict: Verdict
}

/** What a warning is about. */
export type WarningCode =
  | 'listener_threw'
  | 'listener_loop'
  | 'classify_threw'
  | 'trip_policy_threw'
  | 'open_ms_invalid'
  | 'redact_threw'
  | 'recovery_check_threw'
  | 'options_differ'
  | 'options_dangerous'
  | 'keys_exhausted'
  | 'name_of_threw'
  | 'key_threw'

/** Something that is not a call's result and that somebody should know. */
export interface WarningEvent {
  readonly breaker: string
  /** Which one of a family of keyed breakers it was. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  readonly code: WarningCode
  readonly message: string
  readonly error?: unknown
}

/** The events of a breaker and of a registry, by name. */
export interface CircuitBreakerEvents {
  transition: TransitionEvent
  success: CallEvent
  failure: CallEvent
  ignored: CallEvent
  rejected: RejectedEvent
  stale: StaleEvent
  warning: WarningEvent
}

export type EventName = keyof CircuitBreakerEvents
export type Listener<N extends EventName> = (event: CircuitBreakerEvents[N]) => void

/** How to listen. */
export interface ListenOptions {
  /**
   * Whether the listener wants an event that is about to be made. One that nobody wants is not made: what is heard of each
   * call costs nothing while it is false. Default: it wants all.
   */
  when?: (() => boolean) | undefined
}

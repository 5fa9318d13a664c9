import type { BreakerState, CircuitBreakerStatus, EventName, Verdict } from '@switchgear/core'
import type { TripRule } from './trip-rule.ts'

/** A breaker's options, and what its listeners do. */
export interface Scenario {
  readonly rule: TripRule
  /** The open times of one opening after another; the last one goes on. */
  readonly openMs: readonly number[]
  readonly successesToClose: number
  readonly failuresToOpen: number
  readonly maxConcurrent: number
  readonly leaseMs: number
  readonly timeoutMs: number | undefined
  readonly mode: 'enforce' | 'observe'
  /** Whether somebody listens for the ends of calls: where nobody does, successes take a shorter way. */
  readonly hearsEnds: boolean
  readonly reactions: readonly Reaction[]
}

/** What a listener does, so many times. */
export interface Reaction {
  readonly on: Exclude<EventName, 'warning'>
  readonly to?: BreakerState | undefined
  readonly times: number
  readonly act: (driver: Driver) => void
}

/** What can be done to a breaker, and to its story, also from inside a listener. */
export interface Driver {
  /** Asks for a permit. Says whether there was one. */
  ask(): boolean
  /** Settles the latest permit. */
  settleLatest(verdict: Verdict): void
  trip(): boolean
  reset(): void
  override(state: 'forced_open' | 'disabled', forMs: number): void
  /** What a listener does that was badly written. */
  blunder(): void
}

/** What is compared after each step. */
export interface BreakerView extends Pick<
  CircuitBreakerStatus,
  'rejections' | 'wouldReject' | 'timeInState' | 'halfOpen' | 'totals' | 'trip'
> {
  /** As the breaker says, and as its status does. */
  readonly states: readonly [BreakerState, BreakerState]
  readonly isAvailable: boolean
  readonly retryAfterMs: number | undefined
  readonly transitions: number
  readonly override: string | undefined
  readonly blunders: number
  /** The events since the last step. */
  readonly heard: readonly string[]
}

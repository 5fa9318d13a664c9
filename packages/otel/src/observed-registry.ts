import type { BreakerState, CircuitBreakerRegistry, CircuitBreakerStatus, TripReading } from '@switchgear/core'

/** The part of a breaker that telemetry reads. */
export interface ObservedBreaker {
  readonly name: string
  status(): CircuitBreakerStatus
}

/** What a breaker, or a family of them, has counted from its creation on. */
export type BreakerCounts = Pick<
  CircuitBreakerStatus,
  'totals' | 'failuresByType' | 'rejections' | 'transitions' | 'timeInState'
>

/** The sums over the breakers of one name that a family of keyed breakers gives. */
export interface ObservedFamilyStatus extends BreakerCounts {
  readonly name: string
  readonly critical: boolean
  readonly states: Readonly<Record<BreakerState, number>>
  /** Of each trip policy, the reading that is nearest to tripping a breaker. */
  readonly trip: readonly TripReading[]
}

/** The part of a family of keyed breakers that telemetry reads: sums by name, never a key. */
export interface ObservedFamily {
  readonly name: string
  summary(): readonly ObservedFamilyStatus[]
}

/** The part of a `CircuitBreakerRegistry` that telemetry reads. A registry of another copy of core has it too. */
export interface ObservedRegistry extends Iterable<ObservedBreaker>, Pick<CircuitBreakerRegistry, 'on' | 'observe'> {
  families(): Iterable<ObservedFamily>
}

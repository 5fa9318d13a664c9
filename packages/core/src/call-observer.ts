import type { Verdict } from './events.ts'
import type { BreakerState } from './state.ts'

/** Watches the calls of a registry's breakers, so that telemetry can be active while they run. */
export interface CallObserver {
  /** Whether only probes are watched: other calls then cost nothing. Default: all calls are. */
  readonly probesOnly?: boolean
  /**
   * A call was admitted; `key` and `family` say which one of the keyed breakers it goes through. Undefined when this call is
   * not watched. Must not throw.
   */
  callAdmitted(
    breaker: string,
    state: BreakerState,
    probe: boolean,
    key?: string,
    family?: string,
  ): CallObservation | undefined
  /** The id of the trace that is active now. Must not throw. */
  traceId(): string | undefined
}

/** Watches one call. */
export interface CallObservation {
  /** Runs the call with its span active. */
  run<T>(fn: () => T): T
  /** The call has settled; `errorType` says what a failure was counted under. */
  end(verdict: Verdict, errorType: string | undefined): void
}

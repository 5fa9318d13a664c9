import type { CallObservation } from './call-observer.ts'
import type { Turnstile } from './turnstile.ts'

/** What a call is told. */
export interface CallContext {
  /** Aborts when the caller aborts or the call's time is over. Pass it on to whatever the call waits for. */
  readonly signal: AbortSignal
  /** Whether this call is a trial in half_open. */
  readonly probe: boolean
}

/** What may be said of a failure besides its error. */
export interface FailureDetails {
  /** What the failure is counted under instead of the error's class name: short, of few kinds, no data of a user. */
  readonly type?: string
  /** How long the breaker stays open at least, in ms, if this failure opens it: what the service asked for. */
  readonly holdMs?: number | undefined
}

/**
 * The right to run one call, once. It settles by the first of `success`, `failure`, `ignore` or its disposal; what comes
 * later does nothing.
 */
export interface Permit extends Disposable {
  /** Whether the call is a trial in half_open. */
  readonly probe: boolean
  /** Runs `fn` with the call's telemetry active, such as a probe's span; settles nothing. */
  run<T>(fn: () => T): T
  success(): void
  failure(error?: unknown, details?: FailureDetails): void
  /** The call says nothing about the service: no counter moves, a probe's place is free again. */
  ignore(): void
  /** Counts a permit that is not settled as a failure of type `abandoned`. */
  [Symbol.dispose](): void
}

/** What a permit is good for: a `shadow` is admitted in `mode: 'observe'` where a rejection would have been. */
export type PermitRole = 'call' | 'probe' | 'shadow'

/** The permits that a machine gives out. */
export class IssuedPermit implements Permit {
  // Declared and not defined: a definition would set each of them twice.
  declare readonly role: PermitRole
  declare readonly epoch: number
  declare readonly startedAt: number
  readonly #turnstile: Turnstile
  observation: CallObservation | undefined = undefined
  settled = false
  /** The ramp-up step that admitted it. */
  phase = 0

  constructor(turnstile: Turnstile, role: PermitRole, epoch: number, startedAt: number) {
    this.#turnstile = turnstile
    this.role = role
    this.epoch = epoch
    this.startedAt = startedAt
  }

  get probe(): boolean {
    return this.role === 'probe'
  }

  run<T>(fn: () => T): T {
    return this.observation === undefined ? fn() : this.observation.run(fn)
  }

  /** As {@link run}, for a function that is told about its call. */
  call<T>(fn: (context: CallContext) => T, context: CallContext): T {
    return this.observation === undefined ? fn(context) : this.observation.run(() => fn(context))
  }

  success(): void {
    this.#turnstile.settle(this, 'success')
  }

  failure(error?: unknown, details?: FailureDetails): void {
    this.#turnstile.settle(this, 'failure', error, details)
  }

  ignore(): void {
    this.#turnstile.settle(this, 'ignored')
  }

  [Symbol.dispose](): void {
    this.#turnstile.settle(this, 'failure', undefined, { type: 'abandoned' })
  }
}

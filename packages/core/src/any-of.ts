import { CircuitBreakerConfigError } from './errors.ts'
import { withMethod } from './option-rules.ts'
import type { TripPolicy, TripReading, TripTracker } from './trip-policy.ts'

/**
 * Trips when any of the policies does; the first of them in this order names the trigger. All of them count every call.
 * Policies of one kind may stand side by side, such as a short window with a high threshold and a long one with a low one.
 *
 * @throws {CircuitBreakerConfigError} when there is no policy, or one is not a trip policy
 */
export function anyOf(...policies: readonly TripPolicy[]): TripPolicy {
  const [isPolicy, allowed] = withMethod('createTracker', 'trip policies, at least one')
  if (policies.length === 0) throw new CircuitBreakerConfigError('anyOf()', undefined, allowed)
  const stranger = policies.findIndex((policy) => !isPolicy(policy))
  if (stranger >= 0) throw new CircuitBreakerConfigError(`anyOf(policy ${stranger + 1})`, policies[stranger], allowed)
  return new AnyOf(policies.flatMap((policy) => (policy instanceof AnyOf ? policy.policies : [policy])))
}

class AnyOf implements TripPolicy {
  readonly timed: boolean
  readonly policies: readonly TripPolicy[]
  // Declared and not set where no policy knows when a call is slow.
  declare readonly slowMs?: number

  constructor(policies: readonly TripPolicy[]) {
    this.timed = policies.some((policy) => policy.timed)
    this.policies = Object.freeze([...policies])
    const slowMs = Math.min(...policies.map((policy) => policy.slowMs ?? Number.POSITIVE_INFINITY))
    if (policies.some((policy) => policy.slowMs !== undefined)) this.slowMs = slowMs
    Object.freeze(this)
  }

  createTracker(): TripTracker {
    return new AnyOfTracker(this.policies.map((policy) => policy.createTracker()))
  }
}

class AnyOfTracker implements TripTracker {
  readonly #trackers: readonly TripTracker[]

  constructor(trackers: readonly TripTracker[]) {
    this.#trackers = trackers
  }

  record(verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined {
    let trigger: string | undefined
    let thrown: { readonly error: unknown } | undefined
    for (const tracker of this.#trackers) {
      try {
        const tripped = tracker.record(verdict, durationMs, now)
        trigger ??= tripped
      } catch (error) {
        // A policy of somebody's own that is broken does not take the others with it.
        thrown ??= { error }
      }
    }
    if (trigger === undefined && thrown !== undefined) throw thrown.error
    return trigger
  }

  readings(now: number): TripReading[] {
    return this.#trackers.flatMap((tracker) => tracker.readings(now))
  }

  clear(): void {
    for (const tracker of this.#trackers) tracker.clear()
  }

  isClear(now: number): boolean {
    return this.#trackers.every((tracker) => tracker.isClear?.(now) === true)
  }

  save(now: number): unknown {
    return this.#trackers.map((tracker) => tracker.save?.(now) ?? null)
  }

  load(saved: unknown, now: number): void {
    if (!Array.isArray(saved) || saved.length !== this.#trackers.length) return
    this.#trackers.forEach((tracker, index) => tracker.load?.(saved[index], now))
  }
}

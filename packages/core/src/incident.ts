import { CircuitBreakerConfigError } from './errors.ts'
import type { Listener, RejectedEvent, TransitionEvent } from './events.ts'
import { positiveDuration, type Rule, validateOptions } from './option-rules.ts'
import type { BreakerState, Trigger } from './state.ts'

/**
 * Why an incident is reported: `opened` and `recovered` exactly once each; `updated` when the breaker opens again before it
 * has closed, or an operator takes it over; `reminder` when it goes on.
 */
export type IncidentPhase = 'opened' | 'updated' | 'reminder' | 'recovered'

/** A report of an incident, which lasts from a breaker's opening to its next close. */
export interface Incident {
  readonly phase: IncidentPhase
  /** The same in all reports of one incident, and in no other's. */
  readonly id: string
  /** The breaker's name. */
  readonly name: string
  /** Which one of a family of keyed breakers it is. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
  /** The breaker's state now. */
  readonly state: BreakerState
  /** Why it opened. */
  readonly trigger: Trigger
  /** When it opened, in ms since 1970. */
  readonly openedAt: number
  /** How long the incident has lasted, in ms. */
  readonly durationMs: number
  /** How often the breaker has opened in this incident: 1, and one more for each time a trial failed. */
  readonly openings: number
  /** How many calls were rejected in this incident. */
  readonly rejected: number
  /** How many incidents are under way, this one included unless it is over: many at once have one cause. */
  readonly underWay: number
  /** The transition that began the incident, with the evidence. */
  readonly opening: TransitionEvent
  /** The transition that this report is about; none for a reminder. */
  readonly transition?: TransitionEvent
}

/** What incidents can be watched of: a breaker, a family of keyed ones, a registry. */
export interface IncidentSource {
  on<N extends 'transition' | 'rejected'>(event: N, listener: Listener<N>): Disposable
}

/** How incidents are reported. */
export interface IncidentOptions {
  /**
   * How long an incident goes on until it is reported again, in ms. No timer is set: a reminder comes with the first
   * rejected call after that. Default: no reminders.
   */
  remindEveryMs?: number | undefined
}

const rules: Record<keyof IncidentOptions, Rule> = { remindEveryMs: positiveDuration }

/**
 * Reports the incidents of a breaker, of a family or of a registry until the handle is disposed of: each exactly once when
 * it begins and once when it is over. Incidents that have begun before are not reported. An `onIncident` that throws is
 * reported once, as a `warning` event.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed
 */
export function watchIncidents(
  source: IncidentSource,
  onIncident: (incident: Incident) => unknown,
  options: IncidentOptions = {},
): Disposable {
  if (typeof onIncident !== 'function') throw new CircuitBreakerConfigError('onIncident', onIncident, 'a function')
  validateOptions('', options, rules)
  const watch = new IncidentWatch(onIncident, options.remindEveryMs)
  const subscriptions = [
    // What a listener returns is looked at: an async one may reject.
    source.on('transition', (event) => watch.transitioned(event) as void),
    source.on('rejected', (event) => watch.rejected(event) as void),
  ]
  return {
    [Symbol.dispose]: () => {
      for (const subscription of subscriptions) subscription[Symbol.dispose]()
    },
  }
}

interface Course {
  readonly id: string
  readonly opening: TransitionEvent
  state: BreakerState
  /** When it came to this state, in ms since 1970. */
  since: number
  /** How long it had lasted by then. */
  durationMs: number
  /** When it was reported without having changed, or began, in ms since 1970. */
  remindedAt: number
  openings: number
  rejected: number
}

class IncidentWatch {
  readonly #onIncident: (incident: Incident) => unknown
  readonly #remindEveryMs: number
  /** The incidents under way. */
  readonly #courses = new Map<string, Course>()

  constructor(onIncident: (incident: Incident) => unknown, remindEveryMs: number | undefined) {
    this.#onIncident = onIncident
    this.#remindEveryMs = remindEveryMs ?? Number.POSITIVE_INFINITY
  }

  transitioned(event: TransitionEvent): unknown {
    const id = breakerId(event)
    // A breaker that trips from closed and has an incident under way is another one: the first was deleted.
    const course = event.from === 'closed' ? undefined : this.#courses.get(id)
    if (course === undefined) return event.to === 'open' ? this.#begin(id, event) : undefined
    course.state = event.to
    course.since = event.at
    course.durationMs += event.dwellMs
    if (event.to === 'half_open') return undefined
    if (event.to === 'open') course.openings++
    if (event.to === 'closed') this.#courses.delete(id)
    return this.#report(event.to === 'closed' ? 'recovered' : 'updated', course, course.durationMs, event)
  }

  rejected(event: RejectedEvent): unknown {
    const course = event.enforced ? this.#courses.get(breakerId(event)) : undefined
    if (course === undefined) return undefined
    course.rejected++
    if (event.at - course.remindedAt < this.#remindEveryMs) return undefined
    course.remindedAt = event.at
    return this.#report('reminder', course, course.durationMs + Math.max(0, event.at - course.since))
  }

  #begin(id: string, opening: TransitionEvent): unknown {
    const course: Course = {
      id: `${opening.at.toString(36)}-${Math.random().toString(36).slice(2, 10)}`,
      opening,
      state: 'open',
      since: opening.at,
      durationMs: 0,
      remindedAt: opening.at,
      openings: 1,
      rejected: 0,
    }
    this.#courses.set(id, course)
    return this.#report('opened', course, 0, opening)
  }

  #report(phase: IncidentPhase, course: Course, durationMs: number, transition?: TransitionEvent): unknown {
    const { id, opening, state, openings, rejected } = course
    return this.#onIncident({
      phase,
      id,
      name: opening.breaker,
      ...(opening.key !== undefined && { key: opening.key }),
      ...(opening.family !== undefined && { family: opening.family }),
      state,
      trigger: opening.trigger,
      openedAt: opening.at,
      durationMs,
      openings,
      rejected,
      underWay: this.#courses.size,
      opening,
      ...(transition !== undefined && { transition }),
    })
  }
}

/** Breakers of one name are told apart by their families and keys. */
function breakerId({ breaker, key, family }: Pick<TransitionEvent, 'breaker' | 'key' | 'family'>): string {
  return key === undefined ? breaker : `${breaker}\0${family}\0${key}`
}

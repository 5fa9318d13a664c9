import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api'
import type { BreakerState, RejectionReason, TripReading } from '@switchgear/core'
import { shownWord } from './bounded-names.ts'
import { ATTRIBUTES, OTHER } from './names.ts'
import type { BreakerCounts } from './observed-registry.ts'

/** The instruments that are read when metrics are collected. */
export type ObservedInstruments = Readonly<
  Record<
    'state' | 'calls' | 'slowCalls' | 'transitions' | 'stateTime' | 'failureRatio' | 'tripRatio' | 'activeCalls',
    Observable
  >
>

const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open', 'forced_open', 'disabled']
// At 0 from the start, or a rate would not see the first one. All that needs an operator, or an option that few breakers
// have, begins when it happens: a scrape pays for each series, whether anything moves in it or not.
const USUAL_STATES: readonly BreakerState[] = ['closed', 'open', 'half_open']
const USUAL_REJECTIONS: readonly RejectionReason[] = ['open', 'half_open_full']
const USUAL_TRANSITIONS: readonly (readonly [BreakerState, BreakerState])[] = [
  ['closed', 'open'],
  ['open', 'half_open'],
  ['half_open', 'open'],
  ['half_open', 'closed'],
]
const ERROR_TYPES_SHOWN = 10

/** What was read of a breaker, or of several that share a name. */
export interface BreakerReading {
  readonly critical: boolean
  readonly counts: BreakerCounts
  /** How many are in each state. */
  readonly states: Readonly<Partial<Record<BreakerState, number>>>
  readonly trip: readonly TripReading[]
}

/** One exported series and its value in this round. */
class Series {
  readonly instrument: Observable
  // The SDK keeps the object it is given: it must never change.
  readonly attributes: Attributes
  value = 0
  /** What breakers that are gone have counted; counters go on from it. */
  retired = 0

  constructor(instrument: Observable, attributes: Attributes) {
    this.instrument = instrument
    this.attributes = Object.freeze(attributes)
  }
}

/** All series of one breaker name. Breakers that share the name, in several registries or past the bound, are summed. */
export class BreakerSeries {
  readonly #instruments: ObservedInstruments
  readonly #name: string
  readonly #all: Series[] = []
  /** Those of critical breakers and of others, which may share the name. */
  readonly #states = new Map<boolean, Readonly<Record<BreakerState, Series>>>()
  readonly #stateTimes = new Map<BreakerState, Series>()
  readonly #success: Series
  readonly #ignored: Series
  readonly #failures = new Map<string, Series>()
  readonly #rejections = new Map<string, Series>()
  readonly #transitions = new Map<string, Series>()
  readonly #slow: Series
  readonly #active: Series
  #tripRatio: Series | undefined
  #failureRatio: Series | undefined

  constructor(instruments: ObservedInstruments, name: string) {
    this.#instruments = instruments
    this.#name = name
    for (const state of USUAL_STATES) this.#stateTime(state)
    this.#success = this.#add('calls', { [ATTRIBUTES.outcome]: 'success' })
    this.#ignored = this.#add('calls', { [ATTRIBUTES.outcome]: 'ignored' })
    this.#failure(OTHER)
    for (const reason of USUAL_REJECTIONS) this.#rejection(reason)
    for (const [from, to] of USUAL_TRANSITIONS) this.#transition(from, to)
    this.#slow = this.#add('slowCalls', {})
    this.#active = this.#add('activeCalls', {})
  }

  /** Begins a round: nobody is in any state, and the counters stand where those who are gone have left them. */
  begin(): void {
    for (const series of this.#all) series.value = series.retired
  }

  /** Adds a breaker as it is now. */
  add({ critical, counts, states, trip }: BreakerReading): void {
    const stateSeries = this.#statesOf(critical)
    for (const state of STATES) stateSeries[state].value += states[state] ?? 0
    // Before the first call is rejected, if a collection comes in between.
    if (states.forced_open) this.#rejection('forced_open')
    this.#active.value += counts.totals.active
    for (const reading of trip) this.#addReading(reading)
    this.#count(counts, (series, count) => {
      series.value += count
    })
  }

  /** Keeps what a breaker that is gone has counted. */
  retire({ counts }: BreakerReading): void {
    this.#count(counts, (series, count) => {
      series.value += count
      series.retired += count
    })
  }

  /** Undoes {@link retire}: the breaker is back, with all that it had counted. */
  restore({ counts }: BreakerReading): void {
    this.#count(counts, (series, count) => {
      series.value -= count
      series.retired -= count
    })
  }

  observe(result: BatchObservableResult): void {
    for (const { instrument, value, attributes } of this.#all) {
      const shown = instrument === this.#instruments.stateTime ? inSeconds(value) : value
      result.observe(instrument, shown, attributes)
    }
  }

  #count(counts: BreakerCounts, count: (series: Series, value: number) => void): void {
    const { totals, failuresByType, rejections, transitions, timeInState } = counts
    count(this.#success, totals.success)
    count(this.#ignored, totals.ignored)
    count(this.#slow, totals.slow)
    for (const [type, calls] of Object.entries(failuresByType)) count(this.#failure(type), calls)
    for (const [reason, calls] of Object.entries(rejections)) if (calls > 0) count(this.#rejection(reason), calls)
    for (const { from, to, count: times } of transitions) count(this.#transition(from, to), times)
    for (const state of STATES) if (timeInState[state] > 0) count(this.#stateTime(state), timeInState[state])
  }

  // A series that was shown once must be shown for ever: the SDK would go on exporting its last value.
  #addReading({ policy, value = 0, threshold }: TripReading): void {
    const trip = (this.#tripRatio ??= this.#add('tripRatio', {}))
    const ratio = value / threshold
    if (Number.isFinite(ratio)) trip.value = Math.max(trip.value, ratio)
    if (policy !== 'failure_rate') return
    const failure = (this.#failureRatio ??= this.#add('failureRatio', {}))
    if (Number.isFinite(value)) failure.value = Math.max(failure.value, value)
  }

  #statesOf(critical: boolean): Readonly<Record<BreakerState, Series>> {
    let states = this.#states.get(critical)
    if (states === undefined) {
      const label = critical && { [ATTRIBUTES.critical]: true }
      states = forEachState((state) => this.#add('state', { [ATTRIBUTES.state]: state, ...label }))
      this.#states.set(critical, states)
    }
    return states
  }

  #failure(type: string): Series {
    const shown = shownWord(type)
    const known = this.#failures.get(shown)
    if (known !== undefined) return known
    // One of those shown is the rest.
    if (this.#failures.size > ERROR_TYPES_SHOWN) return this.#failure(OTHER)
    const series = this.#add('calls', { [ATTRIBUTES.outcome]: 'failure', [ATTRIBUTES.errorType]: shown })
    this.#failures.set(shown, series)
    return series
  }

  #rejection(reason: string): Series {
    let series = this.#rejections.get(reason)
    if (series === undefined) {
      series = this.#add('calls', { [ATTRIBUTES.outcome]: 'rejected', [ATTRIBUTES.rejectionReason]: reason })
      this.#rejections.set(reason, series)
    }
    return series
  }

  #stateTime(state: BreakerState): Series {
    let series = this.#stateTimes.get(state)
    if (series === undefined) {
      series = this.#add('stateTime', { [ATTRIBUTES.state]: state })
      this.#stateTimes.set(state, series)
    }
    return series
  }

  #transition(from: BreakerState, to: BreakerState): Series {
    const key = `${from} ${to}`
    let series = this.#transitions.get(key)
    if (series === undefined) {
      series = this.#add('transitions', { [ATTRIBUTES.transitionFrom]: from, [ATTRIBUTES.transitionTo]: to })
      this.#transitions.set(key, series)
    }
    return series
  }

  #add(instrument: keyof ObservedInstruments, attributes: Attributes): Series {
    const series = new Series(this.#instruments[instrument], { [ATTRIBUTES.name]: this.#name, ...attributes })
    this.#all.push(series)
    return series
  }
}

// To the millisecond: a sum whose parts are added in another order, as when a key is let go, may be lower by its last bit,
// and a counter that goes down is taken for one that began again at 0.
function inSeconds(ms: number): number {
  return Math.round(ms) / 1000
}

function forEachState(make: (state: BreakerState) => Series): Record<BreakerState, Series> {
  return Object.fromEntries(STATES.map((state) => [state, make(state)])) as Record<BreakerState, Series>
}

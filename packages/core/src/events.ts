import type { CallObserver } from './call-observer.ts'
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

interface Sent {
  readonly name: EventName
  readonly event: CircuitBreakerEvents[EventName]
  readonly hub: EventHub
  /** How many events caused each other before this one. */
  readonly depth: number
}

// Listeners that cause the event they listen for would go on for ever, two of them doubling it each time. Events that far
// down a chain of causes are counted, and so many are let through.
const DEEP = 6
const MOST_DEEP_EVENTS = 1_000

/**
 * Hands events to listeners: synchronously, in order, each event to all listeners before the next. An event that a
 * listener causes waits for its turn. A hub with a parent sends to its own listeners, then to the parent's.
 */
export class EventHub {
  readonly #parent: EventHub | undefined
  // The outermost hub keeps the queue, so that the order is one for all breakers of a registry.
  readonly #root: EventHub
  #listeners: { [N in EventName]?: Set<Listener<N>> } | undefined
  #queue: Sent[] | undefined
  /** The event that is being sent. */
  #sending: Sent | undefined
  #deepEvents = 0
  #observer: CallObserver | undefined
  #warnings: Map<WarningCode, number> | undefined

  constructor(parent?: EventHub) {
    this.#parent = parent
    this.#root = parent ? parent.#root : this
  }

  on<N extends EventName>(name: N, listener: Listener<N>): Disposable {
    // A fresh function for each subscription: the same listener twice is called twice and disposed of one by one.
    const subscribed: Listener<N> = (event) => listener(event)
    const listeners = ((this.#listeners ??= {})[name] ??= new Set() as never) as Set<Listener<N>>
    listeners.add(subscribed)
    return { [Symbol.dispose]: () => void listeners.delete(subscribed) }
  }

  /** Who watches calls for telemetry: one for all breakers of a registry. */
  get observer(): CallObserver | undefined {
    return this.#root.#observer
  }

  set observer(observer: CallObserver | undefined) {
    this.#root.#observer = observer
  }

  /** Whether anybody listens: an event that nobody hears need not be made. */
  hears(name: EventName): boolean {
    return (this.#listeners?.[name]?.size ?? 0) > 0 || (this.#parent?.hears(name) ?? false)
  }

  /** Queues an event; {@link flush} sends it. */
  push<N extends EventName>(name: N, event: CircuitBreakerEvents[N]): void {
    const root = this.#root
    const depth = (root.#sending?.depth ?? 0) + 1
    if (depth > DEEP && ++root.#deepEvents > MOST_DEEP_EVENTS) {
      const message = `listeners for "${name}" cause one another without end; an event was dropped`
      if (this.#countWarning('listener_loop')) print({ breaker: event.breaker, code: 'listener_loop', message })
      return
    }
    const sent = { name, event: Object.freeze<CircuitBreakerEvents[EventName]>(event), hub: this, depth }
    ;(root.#queue ??= []).push(sent)
  }

  /** Sends what is queued, unless a call further up the stack is sending already. */
  flush(): void {
    const root = this.#root
    if (root.#queue === undefined || root.#sending !== undefined) return
    // The queue grows while it is sent; for…of sees what was added.
    for (const sent of root.#queue) {
      root.#sending = sent
      for (let hub: EventHub | undefined = sent.hub; hub; hub = hub.#parent) hub.#send(sent)
    }
    root.#queue = undefined
    root.#sending = undefined
    root.#deepEvents = 0
  }

  /** Counts a warning; the first of a code is queued as an event, or printed when nobody listens. */
  warn(event: WarningEvent): void {
    if (!this.#countWarning(event.code)) return
    if (this.hears('warning')) this.push('warning', event)
    else print(event)
  }

  /** How often each warning was given. */
  warnings(): Partial<Record<WarningCode, number>> {
    return Object.fromEntries(this.#warnings ?? [])
  }

  /** Whether this is the first warning of its code. */
  #countWarning(code: WarningCode): boolean {
    const counts = (this.#warnings ??= new Map())
    const count = (counts.get(code) ?? 0) + 1
    counts.set(code, count)
    return count === 1
  }

  #send(sent: Sent): void {
    const listeners = this.#listeners?.[sent.name]
    if (listeners === undefined) return
    for (const listener of [...listeners] as ((event: unknown) => unknown)[]) {
      try {
        // An async listener's rejection would otherwise end the process.
        const result = listener(sent.event)
        if (result instanceof Promise) result.catch((error: unknown) => this.#listenerThrew(sent, error))
      } catch (error) {
        this.#listenerThrew(sent, error)
      }
    }
  }

  #listenerThrew({ name, event }: Sent, error: unknown): void {
    const { breaker } = event
    const warning: WarningEvent = { breaker, code: 'listener_threw', message: `a listener for "${name}" threw`, error }
    // A warning listener that throws is not told so: it would throw again.
    if (name === 'warning') return print(warning)
    this.warn(warning)
    // An async listener fails when nothing is being sent.
    this.flush()
  }
}

function print({ breaker, message }: WarningEvent): void {
  try {
    console.warn(`switchgear: circuit breaker ${JSON.stringify(breaker)}: ${message}`)
  } catch {
    // Nothing is left to tell it to.
  }
}

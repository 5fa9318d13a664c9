import type { CallObserver } from './call-observer.ts'
import type { CircuitBreakerEvents, EventName, Listener, ListenOptions, WarningCode, WarningEvent } from './events.ts'

interface Subscription<N extends EventName> extends ListenOptions {
  readonly listener: Listener<N>
}

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
  #listeners: { [N in EventName]?: Set<Subscription<N>> } | undefined
  #queue: Sent[] | undefined
  /** The event that is being sent. */
  #sending: Sent | undefined
  #deepEvents = 0
  #observer: CallObserver | undefined
  #hasHeardSuccess = false
  #warnings: Map<WarningCode, number> | undefined

  constructor(parent?: EventHub) {
    this.#parent = parent
    this.#root = parent ? parent.#root : this
  }

  on<N extends EventName>(name: N, listener: Listener<N>, { when }: ListenOptions = {}): Disposable {
    // The same listener twice is called twice and disposed of one by one.
    const subscription: Subscription<N> = { listener, when }
    const listeners = ((this.#listeners ??= {})[name] ??= new Set() as never) as Set<Subscription<N>>
    listeners.add(subscription)
    if (name === 'success') this.#root.#hasHeardSuccess = true
    return { [Symbol.dispose]: () => void listeners.delete(subscription) }
  }

  /** The family of keyed breakers whose events these are. */
  get family(): string | undefined {
    return this.#parent?.family
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
    const listeners = this.#listeners?.[name]
    if (listeners !== undefined) for (const subscription of listeners) if (wants(subscription)) return true
    return this.#parent?.hears(name) ?? false
  }

  /** The same for `success`, which each call asks: at no cost while nobody ever listened. */
  get hearsSuccess(): boolean {
    return this.#root.#hasHeardSuccess && this.hears('success')
  }

  /** Whether each call is watched for telemetry, and not probes alone. */
  get watchesCalls(): boolean {
    const observer = this.#root.#observer
    return observer !== undefined && observer.probesOnly !== true
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
    const sent = {
      name,
      event: Object.freeze<CircuitBreakerEvents[EventName]>(event),
      hub: this,
      depth,
    }
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
    for (const subscription of [...listeners]) {
      if (!wants(subscription)) continue
      const listener = subscription.listener as (event: unknown) => unknown
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
    const warning: WarningEvent = {
      breaker,
      code: 'listener_threw',
      message: `a listener for "${name}" threw`,
      error,
    }
    // A warning listener that throws is not told so: it would throw again.
    if (name === 'warning') return print(warning)
    this.warn(warning)
    // An async listener fails when nothing is being sent.
    this.flush()
  }
}

function wants({ when }: ListenOptions): boolean {
  try {
    return when === undefined || when()
  } catch {
    // The listener may be of more use than what decides about it.
    return true
  }
}

function print({ breaker, message }: WarningEvent): void {
  try {
    console.warn(`switchgear: circuit breaker ${JSON.stringify(breaker)}: ${message}`)
  } catch {
    // Nothing is left to tell it to.
  }
}

import { type ExecuteOptions, callThrough } from './call.ts'
import { CircuitBreakerConfigError, CircuitOpenError } from './errors.ts'
import type { EventName, Listener, ListenOptions } from './events.ts'
import type { Machine } from './machine.ts'
import { Placement } from './placement.ts'
import { duration, type Rule, validateOptions } from './option-rules.ts'
import { type CallOptions, type CircuitBreakerOptions, resolveOptions } from './options.ts'
import type { CallContext, Permit } from './permit.ts'
import { wouldAdmit } from './rejection.ts'
import { type CircuitBreakerSnapshot, takeSnapshot } from './snapshot.ts'
import { type BreakerState, type OverrideDetails, stateAt } from './state.ts'
import { type CircuitBreakerStatus, statusOf } from './status.ts'
import { Turnstile } from './turnstile.ts'

/** What an operator says when taking a breaker over. */
export interface OverrideOptions extends OverrideDetails {
  /** After how many ms it ends by itself. Default: it does not. */
  readonly forMs?: number
}

/** The machine of a breaker, for this package's own parts. */
export let machineOf: (breaker: CircuitBreaker) => Machine

/**
 * Stops calls to a service that is down: after failures it opens and rejects in microseconds, after a time it lets a few
 * probes through, and closes when they succeed.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export class CircuitBreaker {
  readonly #machine: Turnstile

  constructor(name: string, options?: CircuitBreakerOptions) {
    const placement = options instanceof Placement ? options : undefined
    this.#machine = new Turnstile(
      checkName(name),
      placement?.config ?? resolveOptions(options),
      placement?.hub,
      placement?.key,
    )
  }

  get name(): string {
    return this.#machine.name
  }

  /** What `execute` does with each call. For adapters that make calls by permits, which know neither a time limit nor `classify`. */
  get callOptions(): CallOptions {
    return this.#machine.config
  }

  /** The state now. Reading changes nothing: an open whose time is over reads as `half_open`. */
  get state(): BreakerState {
    const { state, config } = this.#machine
    return state.name === 'closed' ? 'closed' : stateAt(state, config.clock.now())
  }

  /** Whether a call made now would be admitted. */
  isAvailable(): boolean {
    return wouldAdmit(this.#machine, this.#machine.config.clock.now())
  }

  /**
   * Calls `fn` if the breaker admits it, and gives its result: the same value, or the same error.
   *
   * Rejects with `signal.reason` when `signal` aborts, also before `fn` was called; with a {@link CircuitOpenError} when the
   * call is not admitted; with a {@link CircuitTimeoutError} after `timeoutMs`.
   */
  execute<T, F = never>(
    fn: (context: CallContext) => T | PromiseLike<T>,
    options?: ExecuteOptions<F>,
  ): Promise<Awaited<T> | Awaited<F>> {
    return callThrough(this.#machine, fn, options) as Promise<Awaited<T> | Awaited<F>>
  }

  /** The same function through this breaker: same `this` and parameters, a promise of its result. It cannot see the call's signal. */
  wrap<This, A extends unknown[], R>(
    fn: (this: This, ...args: A) => R,
  ): (this: This, ...args: A) => Promise<Awaited<R>> {
    const machine = this.#machine
    const wrapped = function (this: This, ...args: A): Promise<Awaited<R>> {
      return callThrough(machine, () => fn.apply(this, args)) as Promise<Awaited<R>>
    }
    return likeOriginal(wrapped, fn)
  }

  /**
   * Takes the right to make one call, for work that cannot be wrapped in a function.
   *
   * @throws {CircuitOpenError} when the call is not admitted
   */
  acquire(): Permit {
    const permit = this.#machine.admit()
    if (permit instanceof CircuitOpenError) throw permit
    return permit
  }

  /** Takes the right to make one call, or gives undefined when it is not admitted. */
  tryAcquire(): Permit | undefined {
    const permit = this.#machine.admit()
    return permit instanceof CircuitOpenError ? undefined : permit
  }

  /** Everything that can be read of this breaker, as plain JSON. */
  status(): CircuitBreakerStatus {
    return statusOf(this.#machine)
  }

  /** What this breaker knows, as JSON; the option `restore` goes on from it, in another process too. */
  snapshot(): CircuitBreakerSnapshot {
    return takeSnapshot(this.#machine)
  }

  /** Closes the breaker, whatever its state, and forgets the calls in its window. Totals go on. */
  reset(): void {
    this.#machine.reset()
  }

  /**
   * Rejects every call until the handle is disposed of, `forMs` is over, or somebody overrides again. Ends in half_open:
   * the service must prove itself.
   */
  forceOpen(options: OverrideOptions): Disposable {
    return this.#override('forced', 'forceOpen', options)
  }

  /**
   * Admits every call and judges none until the handle is disposed of, `forMs` is over, or somebody overrides again. Ends
   * in closed.
   */
  disable(options: OverrideOptions): Disposable {
    return this.#override('disabled', 'disable', options)
  }

  /** Opens the breaker as if its policy had tripped. Says whether that changed anything: closed and half-open ones trip. */
  trip(options: OverrideDetails): boolean {
    validateOptions('trip.', options ?? {}, detailRules, ['reason'])
    return this.#machine.trip(detailsOf(options))
  }

  /** Hears of an event until the handle is disposed of. Listeners are called in order, in the call that caused the event. */
  on<N extends EventName>(event: N, listener: Listener<N>, options?: ListenOptions): Disposable {
    return this.#machine.hub.on(event, listener, options)
  }

  #override(type: 'forced' | 'disabled', method: string, options: OverrideOptions): Disposable {
    validateOptions(`${method}.`, options ?? {}, overrideRules, ['reason'])
    return this.#machine.override(type, detailsOf(options), options.forMs ?? Number.POSITIVE_INFINITY)
  }

  static {
    machineOf = (breaker) => breaker.#machine
  }
}

function checkName(name: string): string {
  if (typeof name === 'string' && name !== '') return name
  throw new CircuitBreakerConfigError("a breaker's name", name, 'a string that is not empty')
}

const text: Rule = [(value) => typeof value === 'string' && value !== '', 'a string that is not empty']
const detailRules: Record<keyof OverrideDetails, Rule> = {
  reason: text,
  actor: [(value) => typeof value === 'string', 'a string'],
}
const overrideRules: Record<keyof OverrideOptions, Rule> = { ...detailRules, forMs: duration }

/** A copy: the caller's object is the caller's. */
function detailsOf({ reason, actor }: OverrideDetails): OverrideDetails {
  return Object.freeze({ reason, ...(actor !== undefined && { actor }) })
}

/** Gives a wrapper the name and length of what it wraps. */
export function likeOriginal<F extends (...args: never) => unknown>(
  wrapped: F,
  original: (...args: never) => unknown,
): F {
  Object.defineProperties(wrapped, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
  })
  return wrapped
}

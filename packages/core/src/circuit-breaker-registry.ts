import { CircuitBreaker, machineOf } from './circuit-breaker.ts'
import type { Clock } from './clock.ts'
import type { CallObserver } from './call-observer.ts'
import { type Environment, optionsFromEnv } from './env.ts'
import { EventHub } from './event-hub.ts'
import type { EventName, Listener, ListenOptions } from './events.ts'
import { KeyedBreakers } from './keyed-breakers.ts'
import { type KeyedOptions, splitKeyedOptions } from './keyed-options.ts'
import { Placement } from './placement.ts'
import { object, type Rule, validateOptions } from './option-rules.ts'
import { type BreakerConfig, type CircuitBreakerOptions, mergeOptions, resolveOptions } from './options.ts'
import { differingOptions } from './differing-options.ts'
import type { CircuitBreakerStatus } from './status.ts'

/** What the breakers of a registry have in common. */
export interface RegistryOptions {
  /** For every breaker, unless `get` says otherwise. */
  defaults?: CircuitBreakerOptions
  /** The clock of every breaker whose options name none. */
  clock?: Clock
  /** Environment variables to read options from at first use (see `optionsFromEnv`); `defaults` win over them. Default: none. */
  env?: Environment
}

const rules: Record<keyof RegistryOptions, Rule> = { defaults: object, clock: object, env: object }

/** Breakers by name: one for each, shared by all who ask for it. */
export class CircuitBreakerRegistry implements Iterable<CircuitBreaker> {
  readonly #options: RegistryOptions
  readonly #hub = new EventHub()
  readonly #breakers = new Map<string, CircuitBreaker>()
  readonly #families = new Map<string, KeyedBreakers>()
  #observers: { readonly observer: CallObserver }[] = []
  #defaults: CircuitBreakerOptions | undefined
  #defaultConfig: BreakerConfig | undefined

  /** @throws {CircuitBreakerConfigError} for an option that does not exist or `defaults` that are not allowed */
  constructor(options: RegistryOptions = {}) {
    validateOptions('', options, rules)
    this.#options = { ...options }
    // A mistake in the code shows where it was made; one in the environment at first use, as it may not be used at all.
    resolveOptions({ ...options.defaults, ...(options.clock && { clock: options.clock }) })
  }

  /** How many breakers there are. */
  get size(): number {
    return this.#breakers.size
  }

  /**
   * The breaker of this name, made now if there is none. The first options win; different ones later are reported once, as
   * a `warning` event.
   *
   * @throws {CircuitBreakerConfigError} for options, or environment variables, that are not allowed
   */
  get(name: string, options?: CircuitBreakerOptions): CircuitBreaker {
    const known = this.#breakers.get(name)
    if (known !== undefined) {
      if (options !== undefined) this.#reportDifferences(known, options)
      return known
    }
    const breaker = new CircuitBreaker(name, new Placement(this.#resolve(options), this.#hub) as CircuitBreakerOptions)
    this.#breakers.set(name, breaker)
    return breaker
  }

  /**
   * The family of keyed breakers of this name, made now if there is none: a breaker for each key, with one set of options.
   * As with {@link get}, the first options win. Its breakers are not among those that the registry gives, but their events
   * are heard by its listeners.
   *
   * @throws {CircuitBreakerConfigError} for options, or environment variables, that are not allowed
   */
  keyed(name: string, options: KeyedOptions = {}): KeyedBreakers {
    const known = this.#families.get(name)
    if (known !== undefined && Object.keys(options).length === 0) return known
    const { limits, breakerOptions } = splitKeyedOptions(options)
    const config = this.#resolve(breakerOptions)
    if (known !== undefined) {
      known.reportDifferences(limits, config)
      return known
    }
    const family = new KeyedBreakers(name, limits, config, this.#hub)
    this.#families.set(name, family)
    return family
  }

  /** The families of keyed breakers, in the order in which they were made. */
  families(): IterableIterator<KeyedBreakers> {
    return this.#families.values()
  }

  /** The breaker of this name, if there is one. */
  peek(name: string): CircuitBreaker | undefined {
    return this.#breakers.get(name)
  }

  /** Forgets a breaker; says whether there was one. Those who hold it can go on using it. */
  delete(name: string): boolean {
    return this.#breakers.delete(name)
  }

  /** The breakers, in the order in which they were made. */
  [Symbol.iterator](): IterableIterator<CircuitBreaker> {
    return this.#breakers.values()
  }

  /** The status of every breaker, by name; of a keyed one by `family:key`. */
  status(): Record<string, CircuitBreakerStatus> {
    const breakers = new Map(this.#breakers)
    for (const family of this.#families.values()) {
      for (const [key, breaker] of family) breakers.set(`${family.name}:${key}`, breaker)
      if (family.overflow !== undefined) breakers.set(family.overflow.name, family.overflow)
    }
    return Object.fromEntries([...breakers].map(([name, breaker]) => [name, breaker.status()]))
  }

  /** Resets one breaker, a keyed one by `family:key`; says whether there is one of this name. */
  reset(name: string): boolean {
    const breaker = this.#breakers.get(name)
    if (breaker === undefined) return this.#resetKeyed(name)
    breaker.reset()
    return true
  }

  /** Resets every breaker, keyed ones included. */
  resetAll(): void {
    for (const breaker of [...this]) breaker.reset()
    for (const family of [...this.#families.values()]) family.resetAll()
  }

  /** Hears of an event of every breaker, those to come included, until the handle is disposed of. */
  on<N extends EventName>(event: N, listener: Listener<N>, options?: ListenOptions): Disposable {
    return this.#hub.on(event, listener, options)
  }

  /** Lets telemetry watch the calls of every breaker until the handle is disposed of. The latest observer is the one asked. */
  observe(observer: CallObserver): Disposable {
    const entry = { observer }
    this.#observers.push(entry)
    this.#hub.observer = observer
    return {
      [Symbol.dispose]: () => {
        this.#observers = this.#observers.filter((other) => other !== entry)
        this.#hub.observer = this.#observers.at(-1)?.observer
      },
    }
  }

  #resetKeyed(name: string): boolean {
    for (const family of this.#families.values()) {
      const keyed = name.startsWith(`${family.name}:`) ? family.peek(name.slice(family.name.length + 1)) : undefined
      const breaker = keyed ?? (family.overflow?.name === name ? family.overflow : undefined)
      breaker?.reset()
      if (breaker !== undefined) return true
    }
    return false
  }

  #resolve(options: CircuitBreakerOptions | undefined): BreakerConfig {
    this.#defaults ??= mergeOptions(
      {
        ...(this.#options.env && optionsFromEnv(this.#options.env)),
        ...(this.#options.clock && { clock: this.#options.clock }),
      },
      this.#options.defaults,
    )
    // Breakers without options of their own share one checked copy.
    if (options === undefined) return (this.#defaultConfig ??= resolveOptions(this.#defaults))
    return resolveOptions(mergeOptions(this.#defaults, options))
  }

  #reportDifferences(known: CircuitBreaker, options: CircuitBreakerOptions): void {
    const machine = machineOf(known)
    if (machine.hub.warnings().options_differ !== undefined) return
    const differing = differingOptions(machine.config, this.#resolve(options))
    if (differing.length === 0) return
    machine.warn(
      'options_differ',
      `asked for again with other options (${differing.join(', ')}); those it was made with hold`,
    )
    machine.hub.flush()
  }
}

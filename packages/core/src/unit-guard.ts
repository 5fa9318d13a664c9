import type { CircuitBreaker } from './circuit-breaker.ts'
import type { CircuitBreakerRegistry } from './circuit-breaker-registry.ts'
import { getDefaultRegistry } from './default-registry.ts'
import { findCircuitOpenError } from './errors.ts'
import { watchIncidents } from './incident.ts'
import type { KeyedBreakers } from './keyed-breakers.ts'
import { keyedOptionRules, type KeyedOptions, splitKeyedOptions } from './keyed-options.ts'
import { resolveOptions } from './options.ts'
import { type AnyProcessorOptions, checkProcessorOptions } from './processor-options.ts'
import type { RecoverWhen } from './recovery-check.ts'

interface Family {
  readonly registry: CircuitBreakerRegistry
  readonly breakers: KeyedBreakers
  readonly incidents: Disposable | undefined
}

/**
 * Guards the work of a processor class: each unit by the breaker of its key.
 *
 * @throws {CircuitBreakerConfigError} for options that are not allowed
 */
export class UnitGuard {
  readonly #options: AnyProcessorOptions
  readonly #keyedOptions: KeyedOptions
  /** The unit of each breaker that failed or was rejected last, for the recovery check. */
  readonly #units: WeakMap<CircuitBreaker, unknown> | undefined
  #family: Family | undefined

  constructor(options: AnyProcessorOptions) {
    checkProcessorOptions(options)
    const { recoverWhen, ...others } = options
    const keyedOptions = Object.entries(others).filter(([name]) => Object.hasOwn(keyedOptionRules, name))
    this.#options = { ...options }
    this.#keyedOptions = {
      ...Object.fromEntries(keyedOptions),
      ...(recoverWhen && { recoverWhen: this.#recoverWhen(recoverWhen) }),
    }
    this.#units = recoverWhen && new WeakMap()
    // A mistake shows here, where it was made, and not with the first unit.
    resolveOptions(splitKeyedOptions(this.#keyedOptions).breakerOptions)
  }

  /** Makes the family of breakers, so that telemetry knows of it before the first unit comes. */
  prepare(): void {
    this.#currentFamily()
  }

  /** Does a piece of work as the arguments' breaker allows it. */
  async run(args: unknown[], work: () => unknown): Promise<unknown> {
    const { whenOpen } = this.#options
    const { breakers } = this.#currentFamily()
    const key = this.#keyOf(args, breakers)
    if (!key) return work()
    const breaker = breakers.for(key)
    let isCalled = false
    try {
      const result = await breaker.execute(() => {
        isCalled = true
        return work()
      })
      this.#units?.delete(breaker)
      return result
    } catch (error) {
      this.#units?.set(breaker, args[0])
      // What the work throws may be the rejection of a breaker further in.
      const rejection = isCalled ? undefined : findCircuitOpenError(error)
      if (rejection === undefined || whenOpen === undefined) throw error
      return whenOpen(rejection, ...args)
    }
  }

  #currentFamily(): Family {
    const { name, registry = getDefaultRegistry(), onIncident, remindEveryMs } = this.#options
    // The registry of the process may be another one: a test has replaced it.
    if (this.#family?.registry === registry) return this.#family
    this.#family?.incidents?.[Symbol.dispose]()
    const breakers = registry.keyed(name, this.#keyedOptions)
    const incidents = onIncident && watchIncidents(breakers, onIncident, { remindEveryMs })
    return (this.#family = { registry, breakers, incidents })
  }

  #keyOf(args: unknown[], breakers: KeyedBreakers): string | false | null | undefined {
    try {
      return this.#options.key(...args)
    } catch (error) {
      breakers.warn('key_threw', 'key threw; the unit is not guarded', error)
      return undefined
    }
  }

  #recoverWhen({ check, ...timing }: NonNullable<AnyProcessorOptions['recoverWhen']>): RecoverWhen {
    return {
      ...timing,
      check: (context) => {
        const key = String(context.key)
        const breakers = this.#family?.breakers
        const breaker = breakers?.peek(key) ?? breakers?.overflow
        const unit = breaker && this.#units?.get(breaker)
        return check({ ...context, key, ...(unit !== undefined && { unit }) })
      },
    }
  }
}

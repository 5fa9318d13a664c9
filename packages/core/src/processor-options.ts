import type { CircuitBreakerRegistry } from './circuit-breaker-registry.ts'
import type { CircuitOpenError } from './errors.ts'
import type { Incident, IncidentOptions } from './incident.ts'
import { keyedOptionRules, type KeyedOptions } from './keyed-options.ts'
import { func, positiveDuration, type Rule, validateOptions, withMethod } from './option-rules.ts'
import type { RecoverWhen, RecoveryContext } from './recovery-check.ts'

/** What a recovery check is told of a unit of work that cannot be processed. */
export interface UnitRecoveryContext<U> extends RecoveryContext {
  readonly key: string
  /** The unit of this key that failed or was rejected last; absent when there was none. */
  readonly unit?: U
}

/** Asks whether units of a key can be processed again; see {@link RecoverWhen}. */
export interface UnitRecoverWhen<U> extends Omit<RecoverWhen, 'check'> {
  /** True when they can. */
  check: (context: UnitRecoveryContext<U>) => boolean | Promise<boolean>
}

/** The options of `withCircuitBreaker`: `A` are the parameters of the guarded method `M`, `R` is what it gives. */
export interface ProcessorOptions<M extends string, A extends unknown[], R>
  extends Omit<KeyedOptions, 'recoverWhen'>, IncidentOptions {
  /** The name of the family of breakers: one for each class, such as `player-summary`. */
  name: string
  /** Which breaker guards a unit of work, by the arguments of the call. No key, or an empty one: none does. */
  key: (...args: A) => string | false | null | undefined
  /** The method that is guarded. Default: `run`. */
  method?: M
  /** Gives the result of a unit whose breaker rejects it. Default: the `CircuitOpenError` is thrown. */
  whenOpen?: ((error: CircuitOpenError, ...args: A) => R | PromiseLike<R>) | undefined
  /** Asks whether units of a key can be processed again while its breaker is open. Default: nobody asks. */
  recoverWhen?: UnitRecoverWhen<A[0]> | undefined
  /** Hears of each incident, exactly once when it begins and once when it is over; see `watchIncidents`. */
  onIncident?: ((incident: Incident) => unknown) | undefined
  /** Where the breakers are. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry | undefined
}

/** The options of a processor, whatever its units are. */
export type AnyProcessorOptions = ProcessorOptions<string, unknown[], unknown>

const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''
const name: Rule = [isName, 'a string that is not empty']

const rules: Record<keyof AnyProcessorOptions, Rule> = {
  ...keyedOptionRules,
  name,
  key: func,
  method: name,
  whenOpen: func,
  onIncident: func,
  remindEveryMs: positiveDuration,
  registry: withMethod('keyed', 'a CircuitBreakerRegistry'),
}

/**
 * Checks the options of a processor.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function checkProcessorOptions(options: AnyProcessorOptions): void {
  validateOptions('', options, rules, ['name', 'key'])
}

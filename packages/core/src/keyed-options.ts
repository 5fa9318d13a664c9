import { validateOptions, duration, func, type Rule } from './option-rules.ts'
import { breakerOptionRules, type CircuitBreakerOptions } from './options.ts'

/** The options of a family of keyed breakers: a breaker's own, which hold for each key, and its bounds. */
export interface KeyedOptions extends Omit<CircuitBreakerOptions, 'restore'> {
  /** How many keys may have a breaker of their own; further ones share one. Default: 1,000. */
  maxKeys?: number
  /**
   * After how long without use, in ms, a key is let go at the latest when the next new key comes, and what it knew of
   * failures is forgotten; `Infinity`: never. A breaker that is still open, forced open or disabled, or has a call in flight,
   * stays. Default: 3,600,000, an hour.
   */
  idleMs?: number
  /**
   * The name that a key's breaker has in metrics, spans and events. Few, and nothing of a user. Keys may share one.
   * Default: the family's name.
   */
  nameOf?: ((key: string) => string) | undefined
}

/** The bounds of a family. */
export interface KeyedLimits {
  readonly maxKeys: number
  readonly idleMs: number
  readonly nameOf: ((key: string) => string) | undefined
}

// A snapshot is of one breaker.
const { restore: _, ...shared } = breakerOptionRules

/** Options that many breakers can have in common. */
export const sharedOptionRules: Readonly<Omit<typeof breakerOptionRules, 'restore'>> = shared

export const keyedOptionRules: Readonly<Record<keyof KeyedOptions, Rule>> = {
  ...sharedOptionRules,
  maxKeys: [(value) => Number.isSafeInteger(value) && Number(value) >= 1, 'a whole number of at least 1'],
  idleMs: duration,
  nameOf: func,
}

/**
 * Tells the options of a family from those of its breakers; the latter are checked where they are resolved.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function splitKeyedOptions(options: KeyedOptions): {
  readonly limits: KeyedLimits
  readonly breakerOptions: CircuitBreakerOptions
} {
  validateOptions('', options, keyedOptionRules)
  const { maxKeys = 1_000, idleMs = 3_600_000, nameOf, ...breakerOptions } = options
  return { limits: { maxKeys, idleMs, nameOf }, breakerOptions }
}

import { CircuitBreakerConfigError } from './errors.ts'
import { validateOptions, func, isDuration, positiveDuration, type Rule } from './option-rules.ts'
import type { OpenContext, OpenPolicy } from './options.ts'

/** How the time that a breaker stays open grows. */
export interface ExponentialBackoffOptions {
  /** The first opening, in ms. Default: 5,000. */
  initialMs?: number
  /** The longest opening, in ms. Default: 300,000, or `initialMs` when that is more. */
  maxMs?: number
  /** By what each opening in a row is longer than the one before. Default: 2. */
  factor?: number
  /**
   * The part of the time, 0 to 1, that chance may take away, so that breakers which opened together do not probe together.
   * Default: 0.5.
   */
  jitter?: number
  /** After how much time closed, in ms, one opening in a row is forgotten. Default: `maxMs`. */
  decayMs?: number
  /** Where chance comes from: numbers from 0 to below 1. Default: `Math.random`. */
  random?: () => number
}

const rules: Record<keyof ExponentialBackoffOptions, Rule> = {
  initialMs: positiveDuration,
  maxMs: positiveDuration,
  factor: [(value) => Number.isFinite(value) && Number(value) >= 1, 'a number of at least 1'],
  jitter: [(value) => isDuration(value) && value <= 1, 'a number from 0 to 1'],
  decayMs: positiveDuration,
  random: func,
}

/**
 * Opens for longer each time in a row: `initialMs`, then `factor` times that, up to `maxMs`. A close does not start it
 * again, since a service that is up for a moment only is not well: each `decayMs` of time closed takes one step back.
 *
 * Chance takes its part from the time after the cap, so that the longest openings are spread too. A `jitter` of 1 is the
 * "full jitter" and 0.5 the "equal jitter" of Marc Brooker's "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function exponentialBackoff(options: ExponentialBackoffOptions = {}): OpenPolicy {
  validateOptions('exponentialBackoff.', options, rules)
  const { initialMs = 5000, factor = 2, jitter = 0.5, random } = options
  const { maxMs = Math.max(300_000, initialMs) } = options
  if (maxMs < initialMs) {
    throw new CircuitBreakerConfigError('exponentialBackoff.maxMs', maxMs, `at least initialMs, which is ${initialMs}`)
  }
  return new ExponentialBackoff({ initialMs, maxMs, factor, jitter, decayMs: options.decayMs ?? maxMs }, random)
}

class ExponentialBackoff implements OpenPolicy {
  readonly initialMs: number
  readonly maxMs: number
  readonly factor: number
  readonly jitter: number
  readonly decayMs: number
  /** The opening in a row from which on all are as long as the cap. Those after it are not counted: they would only have to be forgotten. */
  readonly maxAttempt: number
  readonly #random: (() => number) | undefined

  constructor(options: Required<Omit<ExponentialBackoffOptions, 'random'>>, random: (() => number) | undefined) {
    this.initialMs = options.initialMs
    this.maxMs = options.maxMs
    this.factor = options.factor
    this.jitter = options.jitter
    this.decayMs = options.decayMs
    this.#random = random
    this.maxAttempt = attemptAtCap(this.initialMs, this.maxMs, this.factor)
    Object.freeze(this)
  }

  openMs({ attempt }: OpenContext): number {
    const random = this.#random ?? Math.random
    // A power that overflows is Infinity, and the cap still holds.
    const longest =
      attempt < this.maxAttempt ? Math.min(this.maxMs, this.initialMs * this.factor ** (attempt - 1)) : this.maxMs
    return longest * (1 - this.jitter * random())
  }
}

/** The first opening that is as long as the cap; Infinity when none is. */
function attemptAtCap(initialMs: number, maxMs: number, factor: number): number {
  return initialMs === maxMs ? 1 : 1 + Math.ceil(Math.log(maxMs / initialMs) / Math.log(factor))
}

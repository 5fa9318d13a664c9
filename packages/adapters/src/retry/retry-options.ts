import { type OptionRule, validateOptions } from '@switchgear/core'
import { duration, func } from '../http/family-rules.ts'
import type { RetryLimits } from './key-pace.ts'
import type { RetryBudgetLimits } from './retry-budget.ts'

/** How many retries all requests of a key may make together. All can be left out. */
export interface RetryBudgetOptions {
  /** Retries for each first try, 0 or more. Default: 0.2. */
  share?: number
  /** Retries that are allowed on top, however few the first tries are. Default: 10. */
  minimum?: number
  /** Over how many ms both are counted. Default: 60,000. */
  windowMs?: number
}

/** How often one request is sent again, and when. */
export interface RetryTimes {
  /** Tries after the first one. Default: 2; of a `RateLimitHandler` 5. */
  maxRetries?: number
  /**
   * The longest backoff before the first retry, in ms; before each further one it is twice as long. Chance takes any part
   * of it away. Default: 200; of a `RateLimitHandler` 2,000.
   */
  baseBackoffMs?: number
  /**
   * The longest wait, in ms. When the service asks for a longer one, its response is given at once. Default: 10,000; of a
   * `RateLimitHandler` 120,000.
   */
  maxBackoffMs?: number
  /**
   * The caller's deadline: up to how many ms after the first try another one may begin. A wait that would end later is not
   * begun, and what has come is given at once. Default: none.
   */
  totalMs?: number
}

/** What is retried how often, for all requests of a key together. */
export interface RetryOptions extends RetryTimes {
  /** Bounds the load that retries add. `false`: no bound. Default: on. */
  budget?: RetryBudgetOptions | false
  /** Where chance comes from: numbers from 0 to below 1. Default: `Math.random`. */
  random?: () => number
}

const amount: OptionRule = [
  (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0),
  'a whole number, 0 or more, or Infinity',
]

export const retryTimesRules: Record<keyof RetryTimes, OptionRule> = {
  maxRetries: amount,
  baseBackoffMs: duration,
  maxBackoffMs: duration,
  totalMs: duration,
}

export const retryRules: Record<keyof RetryOptions, OptionRule> = {
  ...retryTimesRules,
  budget: [(value) => value === false || (typeof value === 'object' && value !== null), 'an object or false'],
  random: func,
}

const budgetRules: Record<keyof RetryBudgetOptions, OptionRule> = {
  share: [duration[0], 'a number, 0 or more'],
  minimum: amount,
  windowMs: [(value) => duration[0](value) && (value as number) >= 1, 'a number of ms, at least 1'],
}

/**
 * Fills in what is not given.
 *
 * @throws {CircuitBreakerConfigError} for a budget that is not allowed
 */
export function resolveBudget(budget: RetryOptions['budget'], path: string): RetryBudgetLimits | undefined {
  if (budget === false) return undefined
  if (budget !== undefined) validateOptions(path, budget, budgetRules)
  return { share: budget?.share ?? 0.2, minimum: budget?.minimum ?? 10, windowMs: budget?.windowMs ?? 60_000 }
}

/** `options` over `limits`. */
export function mergeLimits(
  limits: RetryLimits,
  options: { readonly [K in keyof RetryLimits]?: RetryLimits[K] | undefined },
): RetryLimits {
  return {
    maxRetries: options.maxRetries ?? limits.maxRetries,
    baseBackoffMs: options.baseBackoffMs ?? limits.baseBackoffMs,
    maxBackoffMs: options.maxBackoffMs ?? limits.maxBackoffMs,
    totalMs: options.totalMs ?? limits.totalMs,
    random: options.random ?? limits.random,
  }
}

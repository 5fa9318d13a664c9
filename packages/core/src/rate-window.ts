import type { CallWindow } from './call-window.ts'
import { CountWindow } from './count-window.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import { validateOptions, object, type Rule } from './option-rules.ts'
import { TimeWindow } from './time-window.ts'

interface LastCalls {
  /** How many calls: 1 to 1,000,000. */
  readonly calls: number
  readonly ms?: never
  readonly buckets?: never
}

interface LastTime {
  /** How far back, in ms, at least 1. `Infinity`: to the last change of state. */
  readonly ms: number
  /**
   * In how many steps calls leave the window, 1 to 1,000: a call stays for `ms`, or up to `ms / buckets` less. Default: 10.
   */
  readonly buckets?: number
  readonly calls?: never
}

/** The calls that a rate is taken of: the last so many, or those that ended in the last so many ms. */
export type RateWindow = LastCalls | LastTime

/** A window with its defaults. */
export type ResolvedWindow = LastCalls | (LastTime & { readonly buckets: number })

const wholeNumber = (most: number, inWords: string): Rule => [
  (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most,
  `a whole number from 1 to ${inWords}`,
]

const countRules = { calls: wholeNumber(1_000_000, '1,000,000') }
const timeRules: Record<string, Rule> = {
  ms: [(value) => typeof value === 'number' && value >= 1, 'a number of ms, 1 or more'],
  buckets: wholeNumber(1000, '1,000'),
}

/**
 * Checks a window, fills in its defaults and freezes it.
 *
 * @throws {CircuitBreakerConfigError} naming `path` and what is wrong below it
 */
export function resolveWindow(path: string, window: RateWindow): ResolvedWindow {
  const isOneKind = object[0](window) && (window.calls === undefined) !== (window.ms === undefined)
  if (!isOneKind) {
    throw new CircuitBreakerConfigError(path, window, 'either { calls: 100 } or { ms: 60_000, buckets: 10 }')
  }
  const { calls, ms, buckets = 10 } = window
  validateOptions(`${path}.`, window, calls === undefined ? timeRules : countRules)
  return Object.freeze(calls === undefined ? { ms, buckets } : { calls })
}

export function createWindow({ calls, ms, buckets }: ResolvedWindow): CallWindow {
  return calls === undefined ? new TimeWindow(ms, buckets) : new CountWindow(calls)
}

import type { CallWindow } from './call-window.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import { validateOptions, rate, type Rule } from './option-rules.ts'
import { type RateWindow, type ResolvedWindow, createWindow, resolveWindow } from './rate-window.ts'
import type { TripReading, TripTracker } from './trip-policy.ts'

/** When a rate is too high. */
export interface RateOptions {
  /** The rate that trips, above 0 to 1: reaching it is enough. Default: 0.5, half of the calls. */
  threshold?: number
  /** The calls that it is taken of. Default: `{ ms: 60_000, buckets: 10 }`. */
  window?: RateWindow
  /** With fewer calls in the window there is no rate, and nothing trips. Default: 10, or `window.calls` when that is less. */
  minimumCalls?: number
}

/** Rate options that are checked and complete. */
export interface Rate {
  readonly threshold: number
  readonly window: ResolvedWindow
  readonly minimumCalls: number
}

const rules: Record<keyof RateOptions, Rule> = {
  threshold: rate,
  // Checked by itself: it is one of two kinds.
  window: [() => true, ''],
  minimumCalls: [(value) => Number.isSafeInteger(value) && Number(value) >= 1, 'a whole number of at least 1'],
}

/**
 * Checks the options of a policy by rate and fills in the defaults; `path` comes before their names in errors.
 *
 * @throws {CircuitBreakerConfigError}
 */
export function resolveRate(path: string, options: RateOptions, moreRules?: Readonly<Record<string, Rule>>): Rate {
  validateOptions(path, options, { ...rules, ...moreRules })
  const { threshold = 0.5, window: asked = { ms: 60_000 }, minimumCalls } = options
  const window = resolveWindow(`${path}window`, asked)
  const most = window.calls ?? Number.POSITIVE_INFINITY
  if (minimumCalls !== undefined && minimumCalls > most) {
    throw new CircuitBreakerConfigError(`${path}minimumCalls`, minimumCalls, `at most window.calls, which is ${most}`)
  }
  return { threshold, window, minimumCalls: minimumCalls ?? Math.min(10, most) }
}

/** The share of hits among the calls of a window, against a threshold. What is a hit, its subclasses say. */
export abstract class RateTracker implements TripTracker {
  readonly #name: string
  readonly #rate: Rate
  readonly #window: CallWindow

  constructor(name: string, options: Rate) {
    this.#name = name
    this.#rate = options
    this.#window = createWindow(options.window)
  }

  abstract record(verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined

  readings(now: number): TripReading[] {
    const { threshold, minimumCalls } = this.#rate
    const { calls, hits } = this.#window.countAt(now)
    const value = calls < minimumCalls ? undefined : { value: hits / calls }
    return [{ policy: this.#name, threshold, ...value, calls, minimumCalls }]
  }

  clear(): void {
    this.#window.clear()
  }

  isClear(now: number): boolean {
    return this.#window.countAt(now).hits === 0
  }

  save(now: number): unknown {
    return { policy: this.#name, window: this.#window.save(now) }
  }

  load(saved: unknown, now: number): void {
    const { policy, window } = Object(saved) as { readonly policy?: unknown; readonly window?: unknown }
    if (policy === this.#name) this.#window.load(window, now)
  }

  /** Counts a call; says the policy's name when that trips. */
  protected count(isHit: boolean, now: number): string | undefined {
    const window = this.#window
    window.add(isHit, now)
    const { threshold, minimumCalls } = this.#rate
    // A quotient, not a product: 7 of 100 reaches 0.07, but is less than 0.07 * 100.
    return window.calls >= minimumCalls && window.hits / window.calls >= threshold ? this.#name : undefined
  }
}

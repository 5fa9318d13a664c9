import { type Clock, type SteadyClock, steady, systemClock } from './clock.ts'
import { consecutiveFailures } from './consecutive-failures.ts'
import { dangersOf, type Finding } from './dangerous-options.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import type { Verdict } from './events.ts'
import {
  validateOptions,
  count,
  duration,
  flag,
  func,
  hasMethod,
  isDuration,
  isFunction,
  object,
  oneOf,
  positiveDuration,
  rate,
  type Rule,
  withMethod,
} from './option-rules.ts'
import { redactUrls } from './recent-failures.ts'
import type { RecoverWhen } from './recovery-check.ts'
import type { CircuitBreakerSnapshot } from './snapshot.ts'
import type { RampLimits, Trigger } from './state.ts'
import type { TripPolicy } from './trip-policy.ts'

/** How a call ended: `{ error }` with what it threw, or `{ value }` with what it returned. */
export type Outcome =
  | { readonly error: unknown; readonly value?: never }
  | { readonly value: unknown; readonly error?: never }

/** What is known when a breaker opens. */
export interface OpenContext {
  readonly trigger: Trigger
  /** What the call that opened the breaker had thrown, if it had. */
  readonly error: unknown
  /** Which opening in a row this is: 1 after a healthy time, one more each time a probe fails. */
  readonly attempt: number
}

/** Decides how long a breaker stays open, each time it opens. */
export interface OpenPolicy {
  /** After how much time closed, in ms, one opening in a row is forgotten. Default: they all are at the first close. */
  readonly decayMs?: number
  /** From which opening in a row on all last equally long: later ones are not counted. Default: none. */
  readonly maxAttempt?: number
  openMs(context: OpenContext): number
}

/** How calls are let in after half_open's probes have succeeded. The state stays half_open; rejections say `ramping`. */
export interface RampUpOptions {
  /** The share of calls that each step admits, in percent. Default: 10, 25, 50. */
  stepsPercent?: readonly number[]
  /** How long a step lasts at least, in ms. */
  stepMs: number
  /** Results that a step needs at least before it is judged. Default: 5. */
  minimumCalls?: number
  /** The share of failures, above 0 to 1, at which a step is bad: the ramp goes back by one. Default: 0.5. */
  maxFailureRate?: number
}

/** How a breaker tries out a service that may be back. */
export interface HalfOpenOptions {
  /** Successful probes that close the breaker. Default: 3. */
  successesToClose?: number
  /** Failed probes that open it again. Default: 1. */
  failuresToOpen?: number
  /** Probes in flight at once; further calls are rejected with `half_open_full`. Default: 3. */
  maxConcurrent?: number
  /**
   * How long a probe may hold its place, in ms; a longer one counts as a failure. Default: 30,000, or `openMs` when that
   * is shorter. At most `openMs`.
   */
  probeTimeoutMs?: number
}

/** The options of a breaker. All can be left out. */
export interface CircuitBreakerOptions {
  /** What opens the breaker. Default: `consecutiveFailures(5)`. */
  trip?: TripPolicy
  /**
   * How long it stays open before it lets probes through, in ms: a number (`Infinity`: until a reset), a policy such as
   * `exponentialBackoff(…)`, or a function of what is known at the opening. Default: 300,000.
   */
  openMs?: number | OpenPolicy | ((context: OpenContext) => number)
  halfOpen?: HalfOpenOptions
  /** Lets calls in by and by after the probes have succeeded, instead of all at once. Default: off. */
  rampUp?: RampUpOptions | undefined
  /** Asks whether the service is back while the breaker is open. Default: nobody asks. */
  recoverWhen?: RecoverWhen | undefined
  /**
   * After how many ms a call fails with a `CircuitTimeoutError` and its signal is aborted. Default: none. Set it a little
   * above the slowest answer you would still use.
   */
  timeoutMs?: number | undefined
  /**
   * Judges a call that ended; undefined leaves it to the default: a value is `success`, an error `failure`. The caller's
   * own abort is `ignored` and not asked about. One that throws counts as `failure` and is reported as a warning.
   */
  classify?: ((outcome: Outcome, durationMs: number) => Verdict | undefined) | undefined
  /** `enforce`, or `observe`: everything is measured and reported, nothing is rejected. Default: `enforce`. */
  mode?: 'enforce' | 'observe'
  /** A label for alerting. Default: false. */
  critical?: boolean
  /** Where time comes from. Default: the platform's monotonic clock. */
  clock?: Clock
  /** What `snapshot()` gave, in this process or an earlier one. Default: starts closed, with nothing counted. */
  restore?: CircuitBreakerSnapshot | undefined
  /** What is kept of an error's message as evidence. Default: URLs lose credentials, query and fragment. */
  redact?: ((message: string) => string) | undefined
}

/** The options that say how each call is made and judged. */
export interface CallOptions {
  /** After how many ms a call fails; undefined: never. */
  readonly timeoutMs: number | undefined
  readonly classify: CircuitBreakerOptions['classify']
  /** The breaker's time; it never goes back. */
  readonly clock: Required<Clock>
}

/** Options checked, completed and frozen; many breakers may share one. */
export interface BreakerConfig extends CallOptions {
  readonly trip: TripPolicy
  readonly openMs: number | OpenPolicy
  readonly halfOpen: Readonly<Required<HalfOpenOptions>> & { readonly rampUp?: RampLimits | undefined }
  readonly recoverWhen: Readonly<Required<RecoverWhen>> | undefined
  readonly mode: 'enforce' | 'observe'
  readonly critical: boolean
  readonly clock: SteadyClock
  readonly restore: CircuitBreakerSnapshot | undefined
  readonly redact: (message: string) => string
  /** What is allowed and will probably not work as asked. */
  readonly dangers: readonly Finding[]
}

export const DEFAULT_OPEN_MS = 300_000
const DEFAULT_PROBE_TIMEOUT_MS = 30_000

const isOpenPolicy = hasMethod('openMs')
export const breakerOptionRules: Record<keyof CircuitBreakerOptions, Rule> = {
  trip: withMethod('createTracker', 'a trip policy, such as consecutiveFailures(5)'),
  openMs: [
    (value) => isDuration(value) || isFunction(value) || isOpenPolicy(value),
    'a number of ms, 0 or more, a policy such as exponentialBackoff(), or a function',
  ],
  halfOpen: object,
  rampUp: object,
  recoverWhen: object,
  timeoutMs: duration,
  classify: func,
  mode: oneOf('enforce', 'observe'),
  critical: flag,
  clock: withMethod('now', 'an object with a method now()'),
  restore: object,
  redact: func,
}

const halfOpenRules: Record<keyof HalfOpenOptions, Rule> = {
  successesToClose: count,
  failuresToOpen: count,
  maxConcurrent: count,
  probeTimeoutMs: positiveDuration,
}

const rampUpRules: Record<keyof RampUpOptions, Rule> = {
  stepsPercent: [
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((percent, i) => percent > (value[i - 1] ?? 0) && percent < 100),
    'a list of numbers above 0 and below 100, each above the one before',
  ],
  stepMs: duration,
  minimumCalls: count,
  maxFailureRate: rate,
}

const recoverWhenRules: Record<keyof RecoverWhen, Rule> = {
  check: func,
  everyMs: positiveDuration,
  timeoutMs: positiveDuration,
  then: oneOf('probe', 'close'),
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function resolveOptions(options?: CircuitBreakerOptions): BreakerConfig {
  return options === undefined ? (defaultConfig ??= resolve({})) : resolve(options)
}

// One for all breakers that ask for nothing else.
let defaultConfig: BreakerConfig | undefined

function resolve(options: CircuitBreakerOptions): BreakerConfig {
  validateOptions('', options, breakerOptionRules)
  const { halfOpen = {}, openMs = DEFAULT_OPEN_MS } = options
  validateOptions('halfOpen.', halfOpen, halfOpenRules)
  const config: Omit<BreakerConfig, 'dangers'> = {
    trip: options.trip ?? consecutiveFailures(5),
    openMs: typeof openMs === 'function' ? Object.freeze({ openMs }) : openMs,
    halfOpen: Object.freeze({
      successesToClose: halfOpen.successesToClose ?? 3,
      failuresToOpen: halfOpen.failuresToOpen ?? 1,
      maxConcurrent: halfOpen.maxConcurrent ?? 3,
      probeTimeoutMs: probeTimeout(halfOpen.probeTimeoutMs, openMs),
      rampUp: options.rampUp && resolveRampUp(options.rampUp),
    }),
    recoverWhen: options.recoverWhen && resolveRecoverWhen(options.recoverWhen),
    timeoutMs: options.timeoutMs,
    classify: options.classify,
    mode: options.mode ?? 'enforce',
    critical: options.critical ?? false,
    clock: steady(options.clock ?? systemClock),
    restore: options.restore,
    redact: options.redact ?? redactUrls,
  }
  return Object.freeze({ ...config, dangers: dangersOf(config) })
}

function resolveRampUp(options: RampUpOptions): RampLimits {
  validateOptions('rampUp.', options, rampUpRules, ['stepMs'])
  return Object.freeze({
    stepsPercent: Object.freeze([...(options.stepsPercent ?? [10, 25, 50])]),
    stepMs: options.stepMs,
    minimumCalls: options.minimumCalls ?? 5,
    maxFailureRate: options.maxFailureRate ?? 0.5,
  })
}

function resolveRecoverWhen(options: RecoverWhen): Required<RecoverWhen> {
  validateOptions('recoverWhen.', options, recoverWhenRules, ['check', 'everyMs'])
  return Object.freeze({
    check: options.check,
    everyMs: options.everyMs,
    timeoutMs: options.timeoutMs ?? Math.min(options.everyMs, 30_000),
    then: options.then ?? 'probe',
  })
}

/** `options` over `defaults`; `halfOpen` is merged name by name, all others replace. */
export function mergeOptions(
  defaults: CircuitBreakerOptions,
  options: CircuitBreakerOptions | undefined,
): CircuitBreakerOptions {
  if (options === undefined) return defaults
  const merged: CircuitBreakerOptions = { ...defaults, ...given(options) }
  if (defaults.halfOpen && options.halfOpen) merged.halfOpen = { ...defaults.halfOpen, ...given(options.halfOpen) }
  return merged
}

/** Without the options that are undefined: those are not given. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

function probeTimeout(asked: number | undefined, openMs: CircuitBreakerOptions['openMs']): number {
  // A probe that hangs should not keep the breaker from probing for longer than an open time would.
  const longest = typeof openMs === 'number' && openMs > 0 ? openMs : Number.POSITIVE_INFINITY
  const timeoutMs = asked ?? Math.min(DEFAULT_PROBE_TIMEOUT_MS, longest)
  if (timeoutMs <= longest) return timeoutMs
  throw new CircuitBreakerConfigError('halfOpen.probeTimeoutMs', timeoutMs, `at most openMs, which is ${longest}`)
}

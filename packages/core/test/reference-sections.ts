import {
  CircuitBreaker,
  CircuitBreakerGroup,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  checkOptions,
  type ExecuteOptions,
  exponentialBackoff,
  type ExponentialBackoffOptions,
  failureRate,
  type FailureRateOptions,
  getDefaultRegistry,
  type GroupOptions,
  type HalfOpenOptions,
  type KeyedOptions,
  type OverrideOptions,
  type ProcessorOptions,
  type RampUpOptions,
  type RateWindow,
  type RecoverWhen,
  type RegistryOptions,
  slowCallRate,
  type SlowCallRateOptions,
  systemClock,
  type Traffic,
  withCircuitBreaker,
} from '@switchgear/core'
import { steady } from '../src/clock.ts'
import { splitKeyedOptions } from '../src/keyed-options.ts'
import { resolveOptions } from '../src/options.ts'

/** The option has no default: it must be given. */
export const REQUIRED: unique symbol = Symbol('required')
/** The default is said in words. */
export const IN_WORDS: unique symbol = Symbol('in words')

/** A table of the reference, with what the sources say of it. */
export interface Section {
  readonly heading: string
  /** The default of each option, as the sources give it. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Makes something with options, which checks them; absent where nothing is checked. */
  readonly make?: (options: never) => unknown
  /** Options without which it cannot be made. */
  readonly base: object
  /** The options that a wrong name is told of. Default: all of this section. */
  readonly known?: readonly string[]
  /** The heading of the section whose options, but `restore`, it takes too. */
  readonly inherits?: string
}

/** Gives a section its type: a default that is missing, or one too much, does not compile. */
function section<T extends object>(
  heading: string,
  defaults: { readonly [K in keyof Required<T>]: unknown },
  make?: (options: T) => unknown,
  more: Omit<Partial<Section>, 'heading' | 'defaults' | 'make'> = {},
): Section {
  return { heading, defaults, base: {}, ...more, ...(make && { make }) }
}

const { halfOpen, ...config } = resolveOptions({})
const base = {
  rampUp: { stepMs: 1 },
  recoverWhen: { check: () => true, everyMs: 10_000 },
  slowCallRate: { slowMs: 1 },
  processor: { name: 'summaries', key: String },
}
const filled = resolveOptions({ rampUp: base.rampUp, recoverWhen: base.recoverWhen })
// Policies are made of their options, with the defaults filled in.
const rate = failureRate() as unknown as Required<FailureRateOptions>
const slow = slowCallRate(base.slowCallRate) as unknown as Required<SlowCallRateOptions>
const backoff = exponentialBackoff() as unknown as Required<ExponentialBackoffOptions>
const keyed = splitKeyedOptions({}).limits

class Processor {
  async run(_unit: string): Promise<void> {}
}

/** Every table of options in the reference. */
export const sections: readonly Section[] = [
  section<CircuitBreakerOptions>(
    'A breaker',
    {
      trip: config.trip,
      openMs: config.openMs,
      halfOpen: IN_WORDS,
      rampUp: halfOpen.rampUp,
      recoverWhen: config.recoverWhen,
      timeoutMs: config.timeoutMs,
      classify: config.classify,
      mode: config.mode,
      critical: config.critical,
      clock: config.clock === steady(systemClock) ? systemClock : config.clock,
      restore: config.restore,
      redact: IN_WORDS,
    },
    (options) => new CircuitBreaker('payments', options),
  ),
  section<HalfOpenOptions>(
    'Half-open',
    {
      successesToClose: halfOpen.successesToClose,
      failuresToOpen: halfOpen.failuresToOpen,
      maxConcurrent: halfOpen.maxConcurrent,
      probeTimeoutMs: halfOpen.probeTimeoutMs,
    },
    (options) => new CircuitBreaker('payments', { halfOpen: options }),
  ),
  section<RampUpOptions>(
    'Ramp-up',
    {
      stepsPercent: filled.halfOpen.rampUp?.stepsPercent,
      stepMs: REQUIRED,
      minimumCalls: filled.halfOpen.rampUp?.minimumCalls,
      maxFailureRate: filled.halfOpen.rampUp?.maxFailureRate,
    },
    (options) => new CircuitBreaker('payments', { rampUp: options }),
    { base: base.rampUp },
  ),
  section<RecoverWhen>(
    'Early recovery',
    {
      check: REQUIRED,
      everyMs: REQUIRED,
      timeoutMs: filled.recoverWhen?.timeoutMs,
      then: filled.recoverWhen?.then,
    },
    (options) => new CircuitBreaker('payments', { recoverWhen: options }),
    { base: base.recoverWhen },
  ),
  section<FailureRateOptions>(
    'Failure rate',
    { threshold: rate.threshold, window: rate.window, minimumCalls: rate.minimumCalls },
    failureRate,
  ),
  section<SlowCallRateOptions>(
    'Slow-call rate',
    { slowMs: REQUIRED, threshold: slow.threshold, window: slow.window, minimumCalls: slow.minimumCalls },
    slowCallRate,
    { base: base.slowCallRate },
  ),
  section<RateWindow>(
    'Window',
    { calls: undefined, ms: undefined, buckets: rate.window.buckets },
    (window) => failureRate({ window: 'calls' in window ? { calls: window.calls } : window }),
    { base: { ms: 1 }, known: ['ms', 'buckets'] },
  ),
  section<ExponentialBackoffOptions>(
    'Exponential backoff',
    {
      initialMs: backoff.initialMs,
      maxMs: backoff.maxMs,
      factor: backoff.factor,
      jitter: backoff.jitter,
      decayMs: backoff.decayMs,
      random: Math.random,
    },
    exponentialBackoff,
  ),
  section<RegistryOptions>(
    'A registry',
    { defaults: undefined, clock: undefined, env: undefined },
    (options) => new CircuitBreakerRegistry(options),
  ),
  section<Omit<KeyedOptions, keyof CircuitBreakerOptions>>(
    'Keyed breakers',
    { maxKeys: keyed.maxKeys, idleMs: keyed.idleMs, nameOf: keyed.nameOf },
    (options) => new CircuitBreakerRegistry().keyed('tenants', options),
    { inherits: 'A breaker' },
  ),
  section<Omit<GroupOptions, keyof CircuitBreakerOptions>>(
    'Groups',
    { registry: getDefaultRegistry() },
    (options) => new CircuitBreakerGroup('predictions', { forest: () => 1 }, options),
    { inherits: 'A breaker' },
  ),
  section<Omit<ProcessorOptions<'run', [string], void>, keyof KeyedOptions>>(
    'Processors',
    {
      name: REQUIRED,
      key: REQUIRED,
      method: 'run',
      whenOpen: undefined,
      onIncident: undefined,
      remindEveryMs: undefined,
      registry: getDefaultRegistry(),
    },
    (options) => withCircuitBreaker(Processor, options),
    { base: base.processor, inherits: 'Keyed breakers' },
  ),
  section<ExecuteOptions>('One call', { signal: undefined, fallback: undefined }),
  section<OverrideOptions>(
    'Taking over',
    { reason: REQUIRED, actor: undefined, forMs: Number.POSITIVE_INFINITY },
    (options) => new CircuitBreaker('payments').forceOpen(options),
    { base: { reason: 'maintenance' } },
  ),
  section<Traffic>('Check a configuration', { callsPerSecond: undefined, scrapeMs: undefined }, (traffic) =>
    checkOptions({}, traffic),
  ),
]

import {
  type CircuitBreakerOptions,
  type CircuitBreakerRegistry,
  getDefaultRegistry,
  type OptionRule,
} from '@switchgear/core'
import { duration, func } from '../http/family-rules.ts'
import { validateSlackOptions } from './hide-secret.ts'
import type { MisconfigurationListener } from './misconfiguration.ts'
import { SlackGuard } from './slack-guard.ts'

/** What guards of Slack have in common: the options of their breaker, and these. All can be left out. */
export interface SlackOptions extends CircuitBreakerOptions {
  /** Where the breaker lives. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry
  /** The breaker's name. What is made with the same name shares a breaker, and its options: the first ones win. */
  name?: string
  /** The longest time, in ms, for which Slack's `Retry-After` is heeded. Default: 600,000. */
  maxRetryAfterMs?: number
  /**
   * Hears, once for each code, that Slack refuses calls until somebody changes something: `invalid_auth`,
   * `channel_not_found`, `no_service` and the like count as nothing for the breaker. Default: a line by `console.warn`.
   */
  onMisconfigured?: MisconfigurationListener
}

const hasMethod = (value: unknown, method: string): boolean =>
  typeof (value as Record<string, unknown> | null)?.[method] === 'function'

// The registry checks what is the breaker's.
const ofBreaker: OptionRule = [() => true, 'what a breaker takes']

const rules: Record<keyof SlackOptions, OptionRule> = {
  registry: [(value) => hasMethod(value, 'get'), 'a CircuitBreakerRegistry'],
  name: [(value) => typeof value === 'string' && value !== '', 'a string that is not empty'],
  maxRetryAfterMs: duration,
  onMisconfigured: func,
  timeoutMs: duration,
  classify: func,
  trip: ofBreaker,
  openMs: ofBreaker,
  halfOpen: ofBreaker,
  rampUp: ofBreaker,
  recoverWhen: ofBreaker,
  mode: ofBreaker,
  critical: ofBreaker,
  clock: ofBreaker,
  restore: ofBreaker,
  redact: ofBreaker,
}

/** What a guard takes for an option that is not given. */
interface SlackDefaults {
  readonly name: string
  readonly timeoutMs: number
}

/**
 * Checks options and makes the breaker.
 *
 * @param ownRules for the options that are not the breaker's and that not all guards have
 * @throws {CircuitBreakerConfigError} for a value that is not allowed and for a name that does not exist
 */
export function createSlackGuard<Own extends string>(
  options: SlackOptions & { readonly [name in Own]?: unknown },
  defaults: SlackDefaults,
  ownRules: Record<Own, OptionRule>,
): SlackGuard {
  validateSlackOptions('', options, { ...rules, ...ownRules })
  const { registry, name, maxRetryAfterMs, onMisconfigured, timeoutMs, classify, ...others } = options
  const ofBreakers = Object.entries(others).filter(([option, value]) => value !== undefined && !(option in ownRules))
  const breakerOptions = ofBreakers.length === 0 ? undefined : Object.fromEntries(ofBreakers)
  const breaker = (registry ?? getDefaultRegistry()).get(name ?? defaults.name, breakerOptions)
  // Time limits and verdicts are each guard's own, whoever shares its breaker; one that has some was made so by the user.
  return new SlackGuard(breaker, {
    timeoutMs: timeoutMs ?? breaker.callOptions.timeoutMs ?? defaults.timeoutMs,
    maxRetryAfterMs: maxRetryAfterMs ?? 600_000,
    classify: classify ?? breaker.callOptions.classify,
    onMisconfigured,
  })
}

import { CircuitBreakerConfigError } from './errors.ts'
import type { Machine } from './machine.ts'
import { type BreakerConfig, DEFAULT_OPEN_MS, type OpenContext, type OpenPolicy } from './options.ts'

/** How long a breaker stays open, in ms. A policy that throws or gives nonsense is reported, and the default holds. */
export function openDuration(machine: Machine, context: OpenContext): number {
  const policy = machine.config.openMs
  if (typeof policy === 'number') return policy
  try {
    const ms: unknown = policy.openMs(context)
    if (typeof ms === 'number' && ms >= 0) return ms
    const error = new CircuitBreakerConfigError('the result of openMs', ms, 'a number of ms, 0 or more')
    machine.warn('open_ms_invalid', error.message, error)
  } catch (error) {
    machine.warn('open_ms_invalid', 'openMs threw', error)
  }
  return DEFAULT_OPEN_MS
}

/** Openings in a row as of `now`: time closed makes them fewer. */
export function openingsAt({ state, attempt, config }: Machine, now: number): number {
  if (state.name !== 'closed') return attempt
  const { decayMs = 0 } = policyOf(config)
  return decayMs > 0 ? Math.max(0, attempt - Math.floor((now - state.since) / decayMs)) : 0
}

/** Which opening in a row the next one is. */
export function nextAttempt(machine: Machine, now: number): number {
  const { maxAttempt = Number.POSITIVE_INFINITY } = policyOf(machine.config)
  return Math.min(openingsAt(machine, now) + 1, maxAttempt)
}

/** What a policy says of openings in a row. A number says nothing: it has no such properties. */
export function policyOf({ openMs }: Pick<BreakerConfig, 'openMs'>): Partial<OpenPolicy> {
  return openMs as Partial<OpenPolicy>
}

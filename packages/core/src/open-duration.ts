import { CircuitBreakerConfigError } from './errors.ts'
import type { Machine } from './machine.ts'
import { DEFAULT_OPEN_MS, type OpenContext } from './options.ts'

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

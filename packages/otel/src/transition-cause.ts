import type { TransitionEvent } from '@switchgear/core'

/**
 * Whether a transition was caused by the call whose context is active. That a probe has taken too long is noticed by some
 * later call, and that the service is back by a timer, which has the context of the call that opened the breaker.
 */
export function isOfActiveCall({ trigger }: TransitionEvent): boolean {
  return trigger !== 'probe_timeout' && trigger !== 'recovered'
}

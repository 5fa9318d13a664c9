import type { Machine } from './machine.ts'
import { policyOf } from './open-duration.ts'

/** Whether a closed breaker may decide otherwise than a new one, because of failures it has seen. */
export function knowsOfFailures(machine: Machine, now: number): boolean {
  const { attempt, state, config } = machine
  const { decayMs = 0 } = policyOf(config)
  return now - state.since < attempt * decayMs || !isClear(machine, now)
}

/** Whether the window has no failure and no slow call in it. */
export function isClear({ tracker }: Machine, now: number): boolean {
  try {
    return tracker.isClear?.(now) === true
  } catch {
    // A policy of somebody's own: what it cannot say is not lost.
    return false
  }
}

import { CircuitOpenError, type RejectionReason, withoutStack } from './errors.ts'
import type { Machine } from './machine.ts'
import { stateAt } from './state.ts'

/** The error of a call that was not admitted. */
export function openError(machine: Machine, reason: RejectionReason, now: number): CircuitOpenError {
  return withoutStack(
    () =>
      new CircuitOpenError({
        breakerName: machine.name,
        state: stateAt(machine.state, now),
        reason,
        openedAt: machine.opened?.at,
        retryAfterMs: retryAfterMs(machine, now),
        cause: machine.opened?.error,
      }),
  )
}

/** Milliseconds until a call may be admitted; undefined where one may be now, or nobody knows. */
export function retryAfterMs(machine: Machine, now: number): number | undefined {
  const { state, gate } = machine
  let until: number | undefined
  if (state.name === 'half_open') {
    // At the latest when the oldest probe's lease ends a place is free. A ramp-up admits by share, not by time.
    if (gate !== undefined && state.ramp === undefined && !wouldAdmit(machine, now)) until = gate.nextEnd()
  } else if ('until' in state && state.name !== 'disabled') {
    until = state.until
  }
  return until === undefined || until === Number.POSITIVE_INFINITY || until <= now ? undefined : Math.ceil(until - now)
}

/** Whether a call would be admitted at `now`. */
export function wouldAdmit(machine: Machine, now: number): boolean {
  const { state, gate, config } = machine
  if (config.mode === 'observe') return true
  const name = stateAt(state, now)
  if (name !== 'half_open') return name === 'closed' || name === 'disabled'
  if (state.name !== 'half_open' || gate === undefined) return true
  // Leases that are over count as failures when the next call comes, and may open the breaker then.
  const opens = state.ramp === undefined && state.failures + gate.lapsedAt(now) >= config.halfOpen.failuresToOpen
  return opens ? config.openMs === 0 : gate.hasRoom(state, now)
}

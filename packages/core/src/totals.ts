import type { RejectionReason } from './errors.ts'
import type { Verdict } from './events.ts'
import type { BreakerState, State } from './state.ts'

/** How often one state followed another. */
export interface TransitionCount {
  readonly from: BreakerState
  readonly to: BreakerState
  readonly count: number
}

/** Everything a breaker counts from its creation on. Nothing here moves a state, and nothing resets it. */
export class Totals {
  /** Calls admitted and not settled. */
  active = 0
  success = 0
  failure = 0
  ignored = 0
  /** Calls that ended after the state that admitted them; they are in their verdict's total too. */
  stale = 0
  /** Calls that took as long as the trip policy's `slowMs`, or longer. */
  slow = 0
  /** Where the counting of time begins: a restored state began in another process, which has counted it there. */
  timeStartsAt: number = Number.NEGATIVE_INFINITY
  #rejections: Record<RejectionReason, number> | undefined
  #wouldReject: Record<RejectionReason, number> | undefined
  #timeInState: Record<BreakerState, number> | undefined
  #transitions: Map<string, TransitionCount> | undefined

  settled(verdict: Verdict): void {
    this.active--
    this[verdict]++
  }

  rejected(reason: RejectionReason, enforced: boolean): void {
    const counts = enforced ? (this.#rejections ??= noRejections()) : (this.#wouldReject ??= noRejections())
    counts[reason]++
  }

  transitioned(left: State, to: BreakerState, now: number): void {
    addTime((this.#timeInState ??= noTime()), left, this.timeStartsAt, now)
    const key = `${left.name} ${to}`
    const counts = (this.#transitions ??= new Map())
    counts.set(key, { from: left.name, to, count: (counts.get(key)?.count ?? 0) + 1 })
  }

  rejections(): Record<RejectionReason, number> {
    return { ...noRejections(), ...this.#rejections }
  }

  wouldReject(): Record<RejectionReason, number> {
    return { ...noRejections(), ...this.#wouldReject }
  }

  transitions(): TransitionCount[] {
    return [...(this.#transitions?.values() ?? [])]
  }

  /** Milliseconds in each state, the current one up to `now`. */
  timeInState(current: State, now: number): Record<BreakerState, number> {
    return addTime({ ...noTime(), ...this.#timeInState }, current, this.timeStartsAt, now)
  }
}

function addTime(
  times: Record<BreakerState, number>,
  state: State,
  from: number,
  now: number,
): Record<BreakerState, number> {
  const start = Math.max(state.since, from)
  // A state whose time was over has read as the one it leads to since then.
  const end = 'until' in state ? Math.max(start, Math.min(state.until, now)) : now
  times[state.name] += end - start
  times[state.name === 'disabled' ? 'closed' : 'half_open'] += now - end
  return times
}

/** A count for each reason. */
export const noRejections = (): Record<RejectionReason, number> => ({
  open: 0,
  half_open_full: 0,
  ramping: 0,
  forced_open: 0,
})
/** A time for each state. */
export const noTime = (): Record<BreakerState, number> => ({
  closed: 0,
  open: 0,
  half_open: 0,
  forced_open: 0,
  disabled: 0,
})

import { type CircuitOpenError, CircuitTimeoutError, type RejectionReason, withoutStack } from './errors.ts'
import type { EventHub } from './event-hub.ts'
import type { Verdict } from './events.ts'
import { Machine } from './machine.ts'
import type { BreakerConfig } from './options.ts'
import { type FailureDetails, IssuedPermit, type PermitRole } from './permit.ts'
import { ProbeGate } from './probe-gate.ts'
import { errorType, RecentFailures } from './recent-failures.ts'
import { openError, retryAfterMs } from './rejection.ts'
import { stateAt } from './state.ts'

/** Says of a failure that a lease was over. */
const LAPSE: FailureDetails = Object.freeze({})

/**
 * The calls of a breaker: they come in by `admit` and go out by `settle`. State is committed first and events are sent last,
 * so that a listener may do anything.
 *
 * Nearly all calls come in while the breaker is closed, succeed, and are watched by nobody. They need neither a permit nor an
 * event, and have a way of their own: `enter` and `succeed`.
 */
export class Turnstile extends Machine {
  /** Whether somebody needs to know exactly when each call began. */
  readonly #timesStarts: boolean
  /** Whether the trip policy needs the time and duration of successes. */
  readonly #isTimed: boolean

  constructor(name: string, config: BreakerConfig, parent?: EventHub, key?: string) {
    super(name, config, parent, key)
    const { trip, timeoutMs, classify } = config
    this.#timesStarts = trip.slowMs !== undefined || timeoutMs !== undefined || classify !== undefined
    this.#isTimed = trip.timed || trip.slowMs !== undefined
  }

  /** Whether a call made now needs no permit. */
  get takesPlainCalls(): boolean {
    return this.state.name === 'closed' && this.config.timeoutMs === undefined && !this.hub.watchesCalls
  }

  /** Takes in a plain call; says when it began. */
  enter(): number {
    this.totals.active++
    return this.#callTime()
  }

  /** Takes the success of a plain call that came in at `startedAt` in `epoch`. */
  succeed(epoch: number, startedAt: number): void {
    if (epoch === this.epoch && !this.hub.hearsSuccess) this.#countSuccess(startedAt)
    else this.settle(new IssuedPermit(this, 'call', epoch, startedAt), 'success')
  }

  /** Admits a call, or gives the error that says why not. */
  admit(): IssuedPermit | CircuitOpenError {
    return this.state.name === 'closed' ? this.#issue('call', this.#callTime()) : this.#admitWhenNotClosed()
  }

  /** Takes a call's result. Only the first one of a permit counts, and it moves only the epoch that admitted it. */
  settle(permit: IssuedPermit, verdict: Verdict, error?: unknown, details?: FailureDetails): void {
    if (permit.settled) return
    const isPlain = verdict === 'success' && permit.epoch === this.epoch && this.state.name === 'closed'
    if (isPlain && permit.observation === undefined && !this.hub.hearsSuccess) {
      permit.settled = true
      return this.#countSuccess(permit.startedAt)
    }
    const now = permit.probe ? this.config.clock.now() : this.#callTime()
    // Leases that are over end before this result counts, so that it does not matter who notices them.
    if (permit.probe) this.#settleLapsedProbes(now)
    if (!permit.settled) this.#settleSeen(permit, verdict, now, error, details)
    this.hub.flush()
  }

  /** When a call begins or ends: exactly, where that is needed whatever calls come to. */
  #callTime(): number {
    const { clock } = this.config
    const isExact = this.#timesStarts || this.hub.hearsSuccess
    return isExact ? clock.now() : clock.callTime()
  }

  #admitWhenNotClosed(): IssuedPermit | CircuitOpenError {
    const { clock } = this.config
    const { state } = this
    if (state.name === 'open') {
      // Rejections come in floods, and share the time as successes do.
      const now = clock.callTime()
      if (now < state.until) {
        this.recovery?.runIfDue()
        return this.#reject('open', now)
      }
    }
    const now = clock.now()
    if (state.name === 'half_open') this.#settleLapsedProbes(now)
    const due = stateAt(this.state, now)
    // A lease that was over may have opened the breaker.
    if (due === 'open' || due === 'forced_open') return this.#reject(due, now)
    const refusal = this.state.name === 'half_open' ? this.gate?.refusal(this.state) : undefined
    if (refusal !== undefined) return this.#reject(refusal, now)
    this.apply({ type: 'time_due' }, now)
    const permit = this.#issue(due === 'half_open' ? 'probe' : 'call', now)
    // Only now: the call that caused the transition has its place before a listener can ask for one.
    this.hub.flush()
    return permit
  }

  #issue(role: PermitRole, startedAt: number): IssuedPermit {
    const permit = new IssuedPermit(this, role, role === 'shadow' ? Number.NaN : this.epoch, startedAt)
    this.totals.active++
    if (permit.probe) (this.gate ??= new ProbeGate(this.config.halfOpen)).add(permit)
    const { name, state, key, hub } = this
    if (permit.probe || hub.watchesCalls) {
      permit.observation = hub.observer?.callAdmitted(name, state.name, permit.probe, key, hub.family)
    }
    return permit
  }

  #reject(reason: RejectionReason, now: number): IssuedPermit | CircuitOpenError {
    const enforced = this.config.mode === 'enforce'
    // Made before anybody hears of it: a listener may reset the breaker.
    const answer = enforced ? openError(this, reason, now) : this.#issue('shadow', now)
    this.totals.rejected(reason, enforced)
    if (this.hub.hears('rejected')) {
      const state = stateAt(this.state, now)
      const wait = retryAfterMs(this, now)
      const retry = wait !== undefined && { retryAfterMs: wait }
      const at = this.config.clock.wallNow()
      this.hub.push('rejected', {
        breaker: this.name,
        ...this.keyed,
        at,
        state,
        reason,
        enforced,
        ...retry,
      })
    }
    this.hub.flush()
    return answer
  }

  /** Nobody watches, and only the trip policy wants to know. */
  #countSuccess(startedAt: number): void {
    const { totals } = this
    const { trip } = this.config
    totals.active--
    totals.success++
    let now = 0
    let durationMs = 0
    if (this.#isTimed) {
      now = this.#callTime()
      durationMs = now - startedAt
      if (durationMs >= (trip.slowMs ?? Number.POSITIVE_INFINITY)) totals.slow++
    }
    const trigger = this.#record('success', durationMs, now)
    if (trigger !== undefined) this.open(trigger, { at: this.#isTimed ? now : undefined })
    this.hub.flush()
  }

  #settleSeen(permit: IssuedPermit, verdict: Verdict, now: number, error: unknown, details?: FailureDetails): void {
    permit.settled = true
    const durationMs = now - permit.startedAt
    const isCurrent = permit.epoch === this.epoch
    this.gate?.delete(permit)
    this.totals.settled(verdict)
    if (durationMs >= (this.config.trip.slowMs ?? Number.POSITIVE_INFINITY)) this.totals.slow++
    let type: string | undefined
    if (verdict === 'failure') {
      const recent = (this.recent ??= new RecentFailures())
      type = recent.count(details?.type ?? errorType(error))
      // A lease is noticed by another call, whose trace has nothing to do with it.
      const traceId = details === LAPSE ? undefined : this.hub.observer?.traceId()
      // Late failures would push out the evidence of why the breaker opened.
      if (isCurrent) recent.add(error, type, durationMs, traceId, now)
    }
    permit.observation?.end(verdict, type)
    this.#tell(permit, verdict, isCurrent, durationMs, error)
    if (!isCurrent || verdict === 'ignored') return
    const cause = { at: now, error, holdMs: details?.holdMs }
    if (permit.probe) {
      // A ramp-up step is judged by calls of its own.
      if (permit.phase !== this.gate?.phase) return
      const trigger = verdict === 'success' ? 'probe_succeeded' : details === LAPSE ? 'probe_timeout' : 'probe_failed'
      this.apply({ type: trigger, openMs: this.openMs(trigger, now, cause) }, now, cause)
    } else if (this.state.name === 'closed') {
      const trigger = this.#record(verdict, durationMs, now)
      if (trigger !== undefined) this.open(trigger, cause)
    }
  }

  #tell(permit: IssuedPermit, verdict: Verdict, isCurrent: boolean, durationMs: number, error: unknown): void {
    const isStale = !isCurrent && permit.role !== 'shadow'
    if (isStale) this.totals.stale++
    if (!this.hub.hears(isStale ? 'stale' : verdict)) return
    const thrown = error !== undefined && { error }
    const event = { breaker: this.name, ...this.keyed, durationMs, probe: permit.probe, ...thrown }
    if (isStale) this.hub.push('stale', { ...event, verdict })
    else this.hub.push(verdict, event)
  }

  #record(verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined {
    try {
      return this.tracker.record(verdict, durationMs, now)
    } catch (error) {
      this.policyThrew('record', error)
      return undefined
    }
  }

  #settleLapsedProbes(now: number): void {
    for (const probe of this.gate?.lapsed(now) ?? []) {
      // The end of one of them may have ended others.
      if (probe.settled) continue
      const { probeTimeoutMs } = this.config.halfOpen
      const error = withoutStack(() => new CircuitTimeoutError(this.name, probeTimeoutMs, 'probe'))
      this.#settleSeen(probe, 'failure', now, error, LAPSE)
    }
  }
}

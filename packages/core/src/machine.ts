import type { DeadlineQueue } from './deadline-queue.ts'
import { type CircuitOpenError, CircuitTimeoutError, type RejectionReason, withoutStack } from './errors.ts'
import { type CallEvent, EventHub, type Verdict, type WarningCode } from './events.ts'
import { nextAttempt, openDuration, openingsAt } from './open-duration.ts'
import { isDuration } from './option-rules.ts'
import type { BreakerConfig } from './options.ts'
import { type FailureDetails, IssuedPermit, type PermitRole } from './permit.ts'
import { ProbeGate } from './probe-gate.ts'
import { errorType, type FailureRecord, RecentFailures } from './recent-failures.ts'
import { RecoveryCheck } from './recovery-check.ts'
import { openError, retryAfterMs } from './rejection.ts'
import { type OpeningDetails, restoreSnapshot } from './snapshot.ts'
import { type Input, next, type OverrideDetails, type State, stateAt, type Trigger } from './state.ts'
import { Totals } from './totals.ts'
import type { TripReading, TripTracker } from './trip-policy.ts'

/** What may open a breaker, and when. */
interface OpeningCause {
  readonly now: number
  readonly error?: unknown
  readonly holdMs?: number | undefined
}

/** Says of a failure that a lease was over. */
const LAPSE: FailureDetails = Object.freeze({})

// Keyed breakers share their options: one warning is enough.
const reported = new WeakSet<BreakerConfig>()

/**
 * One breaker's state and all that moves it. Calls come in by `admit` and go out by `settle`; every change of state goes
 * through `#apply`. State is committed first and events are sent last, so that a listener may do anything.
 */
export class Machine {
  readonly name: string
  readonly key: string | undefined
  readonly config: BreakerConfig
  readonly hub: EventHub
  readonly totals: Totals = new Totals()
  readonly tracker: TripTracker
  state: State
  /** Since when the state holds, in ms since 1970. */
  sinceWall: number
  /** When it opened last, after which failure, and what opened it first; while it is not closed or disabled. */
  opened: { readonly at: number; readonly error?: unknown; readonly by: OpeningDetails } | undefined
  /** Openings in a row. */
  attempt = 0
  gate: ProbeGate | undefined
  recent: RecentFailures | undefined
  /** The time limits of the calls in flight, once there are any. */
  deadlines: DeadlineQueue | undefined
  #epoch = 0
  #recovery: RecoveryCheck | undefined

  constructor(name: string, config: BreakerConfig, parent?: EventHub, key?: string) {
    this.name = name
    this.key = key
    this.config = config
    this.hub = new EventHub(parent)
    this.tracker = config.trip.createTracker()
    this.sinceWall = config.clock.wallNow()
    this.state = { name: 'closed', since: config.clock.now() }
    if (config.dangers.length > 0 && !reported.has(config)) {
      reported.add(config)
      this.warn('options_dangerous', config.dangers.map(({ message }) => message).join('; '))
      this.hub.flush()
    }
    if (config.restore !== undefined) {
      this.state = restoreSnapshot(this, config.restore)
      this.hub.flush()
      if (this.state.name === 'open') this.#watchForRecovery()
    }
  }

  /** Admits a call, or gives the error that says why not. */
  admit(): IssuedPermit | CircuitOpenError {
    const now = this.config.clock.now()
    return this.state.name === 'closed' ? this.#issue('call', now) : this.#admitWhenNotClosed(now)
  }

  /** Takes a call's result. Only the first one of a permit counts, and it moves only the epoch that admitted it. */
  settle(permit: IssuedPermit, verdict: Verdict, error?: unknown, details?: FailureDetails): void {
    if (permit.settled) return
    // Leases that are over end before this result counts, so that it does not matter who notices them.
    if (permit.probe) this.#settleLapsedProbes(this.config.clock.now())
    if (!permit.settled) {
      permit.settled = true
      const isPlain = verdict === 'success' && permit.epoch === this.#epoch && this.state.name === 'closed'
      if (isPlain && permit.observation === undefined && !this.hub.hears('success')) this.#settlePlainSuccess(permit)
      else this.#settleSeen(permit, verdict, error, details)
    }
    this.hub.flush()
  }

  /** Opens by hand. Says whether that changed anything: only a closed or half-open breaker can trip. */
  trip(override: OverrideDetails): boolean {
    const now = this.#catchUp()
    const epoch = this.#epoch
    this.#open('forced', { now }, override)
    this.hub.flush()
    return this.#epoch !== epoch
  }

  /** Holds the breaker in `forced_open` or `disabled` until the handle is disposed of or the time is over. */
  override(type: 'forced' | 'disabled', override: OverrideDetails, forMs: number): Disposable {
    this.#apply({ type, override, forMs }, this.#catchUp(), undefined, override)
    this.hub.flush()
    return {
      [Symbol.dispose]: () => {
        // A later override has taken this one's place: its holder ends it.
        if (!('override' in this.state) || this.state.override !== override) return
        this.#apply({ type: 'released' }, this.config.clock.now(), undefined, override)
        this.hub.flush()
      },
    }
  }

  /** Closes, whatever the state, and forgets the window; the totals stay. */
  reset(): void {
    this.askPolicy('clear', undefined, () => this.tracker.clear())
    this.attempt = 0
    this.#apply({ type: 'reset' }, this.#catchUp())
    this.hub.flush()
  }

  /** Tells of something that is not a call's result. The caller flushes the event. */
  warn(code: WarningCode, message: string, error?: unknown): void {
    this.hub.warn({ breaker: this.name, ...this.keyed, code, message, ...(error !== undefined && { error }) })
  }

  /** What events and status say of a keyed breaker besides its name. */
  get keyed(): { readonly key: string } | undefined {
    return this.key === undefined ? undefined : { key: this.key }
  }

  readings(now: number): TripReading[] {
    return this.askPolicy('readings', [], () => this.tracker.readings(now))
  }

  /** Asks the trip policy, which may be somebody's own and throw. The caller flushes the warning. */
  askPolicy<T>(method: string, otherwise: T, ask: () => T): T {
    try {
      return ask()
    } catch (error) {
      this.warn('trip_policy_threw', `the trip policy threw in ${method}()`, error)
      return otherwise
    }
  }

  recentFailures(): FailureRecord[] {
    return this.recent?.records(this) ?? []
  }

  #admitWhenNotClosed(now: number): IssuedPermit | CircuitOpenError {
    if (this.state.name === 'half_open') this.#settleLapsedProbes(now)
    const due = stateAt(this.state, now)
    if (due === 'open') this.#recovery?.runIfDue()
    if (due === 'open' || due === 'forced_open') return this.#reject(due, now)
    const refusal = this.state.name === 'half_open' ? this.gate?.refusal(this.state) : undefined
    if (refusal !== undefined) return this.#reject(refusal, now)
    this.#apply({ type: 'time_due' }, now)
    const permit = this.#issue(due === 'half_open' ? 'probe' : 'call', now)
    // Only now: the call that caused the transition has its place before a listener can ask for one.
    this.hub.flush()
    return permit
  }

  #issue(role: PermitRole, now: number): IssuedPermit {
    const permit = new IssuedPermit(this, role, role === 'shadow' ? Number.NaN : this.#epoch, now)
    this.totals.active++
    if (role === 'probe') (this.gate ??= new ProbeGate(this.config.halfOpen)).add(permit)
    const observer = this.hub.observer
    if (observer !== undefined)
      permit.observation = observer.callAdmitted(this.name, this.state.name, role === 'probe', this.key)
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
      this.hub.push('rejected', { breaker: this.name, ...this.keyed, at, state, reason, enforced, ...retry })
    }
    this.hub.flush()
    return answer
  }

  /** The way of nearly all calls: nobody watches, and only the trip policy wants to know. */
  #settlePlainSuccess(permit: IssuedPermit): void {
    const { trip, clock } = this.config
    const slowMs = trip.slowMs ?? Number.POSITIVE_INFINITY
    const isTimed = trip.timed || slowMs !== Number.POSITIVE_INFINITY
    const now = isTimed ? clock.now() : 0
    const durationMs = isTimed ? now - permit.startedAt : 0
    this.totals.active--
    this.totals.success++
    if (durationMs >= slowMs) this.totals.slow++
    const trigger = this.#record('success', durationMs, now)
    if (trigger !== undefined) this.#open(trigger, { now: isTimed ? now : clock.now() })
  }

  #settleSeen(permit: IssuedPermit, verdict: Verdict, error: unknown, details?: FailureDetails): void {
    const now = this.config.clock.now()
    const durationMs = now - permit.startedAt
    const isCurrent = permit.epoch === this.#epoch
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
    const isStale = !isCurrent && permit.role !== 'shadow'
    if (isStale) this.totals.stale++
    if (this.hub.hears(isStale ? 'stale' : verdict)) {
      const thrownError = error !== undefined && { error }
      const event: CallEvent = { breaker: this.name, ...this.keyed, durationMs, probe: permit.probe, ...thrownError }
      if (isStale) this.hub.push('stale', { ...event, verdict })
      else this.hub.push(verdict, event)
    }
    if (isCurrent && verdict !== 'ignored') {
      const cause = { now, error, holdMs: details?.holdMs }
      if (permit.probe) this.#countProbe(permit, verdict, details === LAPSE, cause)
      else if (this.state.name === 'closed') this.#countCall(verdict, durationMs, cause)
    }
  }

  #countProbe(permit: IssuedPermit, verdict: 'success' | 'failure', hasLapsed: boolean, cause: OpeningCause): void {
    // A ramp-up step is judged by calls of its own.
    if (permit.phase !== this.gate?.phase) return
    const type = verdict === 'success' ? 'probe_succeeded' : hasLapsed ? 'probe_timeout' : 'probe_failed'
    this.#apply({ type, openMs: this.#openMs(type, cause) }, cause.now, cause.error)
  }

  #countCall(verdict: 'success' | 'failure', durationMs: number, cause: OpeningCause): void {
    const trigger = this.#record(verdict, durationMs, cause.now)
    if (trigger !== undefined) this.#open(trigger, cause)
  }

  #open(trigger: Trigger, cause: OpeningCause, override?: OverrideDetails): void {
    this.#apply({ type: 'tripped', trigger, openMs: this.#openMs(trigger, cause) }, cause.now, cause.error, override)
  }

  #record(verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined {
    try {
      return this.tracker.record(verdict, durationMs, now)
    } catch (error) {
      this.warn('trip_policy_threw', 'the trip policy threw in record()', error)
      return undefined
    }
  }

  #settleLapsedProbes(now: number): void {
    for (const probe of this.gate?.lapsed(now) ?? []) {
      if (probe.settled) continue
      probe.settled = true
      const { probeTimeoutMs } = this.config.halfOpen
      const error = withoutStack(() => new CircuitTimeoutError(this.name, probeTimeoutMs, 'probe'))
      this.#settleSeen(probe, 'failure', error, LAPSE)
    }
  }

  #openMs(trigger: Trigger, { now, error, holdMs }: OpeningCause): () => number {
    const least = isDuration(holdMs) ? holdMs : 0
    return () => Math.max(least, openDuration(this, { trigger, error, attempt: nextAttempt(this, now) }))
  }

  /** Makes the transition that is due by the clock, before an operator makes another one. */
  #catchUp(): number {
    const now = this.config.clock.now()
    this.#apply({ type: 'time_due' }, now)
    return now
  }

  /** The one place where the state changes. The caller flushes the events. */
  #apply(input: Input, now: number, error?: unknown, override?: OverrideDetails): void {
    const from = this.state
    const { state, trigger } = next(from, input, now, this.config.halfOpen)
    // A function of the options has called back in and moved the breaker: that came first.
    if (this.state !== from || state === from) return
    if (state.name === from.name) {
      this.state = state
      if (rampIndex(from) !== rampIndex(state)) this.gate?.startPhase(state)
      return
    }
    const window = this.readings(now)
    this.attempt = state.name === 'open' ? nextAttempt(this, now) : openingsAt(this, now)
    this.totals.transitioned(from, state.name, now)
    this.state = state
    this.sinceWall = this.config.clock.wallNow()
    this.#epoch++
    this.askPolicy('clear', undefined, () => this.tracker.clear())
    this.gate?.clear()
    this.#recovery?.stop()
    this.#recovery = undefined
    if (state.name === 'open') this.#watchForRecovery()
    if (state.name === 'open' || state.name === 'forced_open') {
      // A failed probe opens it again; why it opened at all was known before.
      this.opened = { at: this.sinceWall, error, by: this.opened?.by ?? { at: this.sinceWall, trigger, window } }
    } else if (state.name !== 'half_open') {
      this.opened = undefined
    }
    if (!this.hub.hears('transition')) return
    this.hub.push('transition', {
      breaker: this.name,
      ...this.keyed,
      from: from.name,
      to: state.name,
      trigger,
      at: this.sinceWall,
      dwellMs: now - from.since,
      window,
      recentFailures: this.recentFailures(),
      ...(error !== undefined && { error }),
      ...(override !== undefined && { override }),
    })
  }

  #watchForRecovery(): void {
    const { recoverWhen, clock } = this.config
    if (recoverWhen === undefined) return
    this.#recovery = new RecoveryCheck(recoverWhen, { breaker: this.name, ...this.keyed }, clock, {
      recovered: () => {
        this.#apply({ type: 'recovered', then: recoverWhen.then }, clock.now())
        this.hub.flush()
      },
      checkThrew: (error) => {
        this.warn('recovery_check_threw', 'recoverWhen.check threw; the breaker stays open', error)
        this.hub.flush()
      },
    })
  }
}

/** Which step of a ramp-up a state is in. */
function rampIndex(state: State): number | undefined {
  return state.name === 'half_open' ? state.ramp?.index : undefined
}

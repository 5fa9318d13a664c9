import type { DeadlineQueue } from './deadline-queue.ts'
import { EventHub } from './event-hub.ts'
import type { WarningCode } from './events.ts'
import { nextAttempt, openDuration, openingsAt } from './open-duration.ts'
import { isDuration } from './option-rules.ts'
import type { BreakerConfig } from './options.ts'
import type { ProbeGate } from './probe-gate.ts'
import type { FailureRecord, RecentFailures } from './recent-failures.ts'
import { RecoveryCheck } from './recovery-check.ts'
import { type OpeningDetails, restoreSnapshot } from './snapshot.ts'
import { type Input, next, type OverrideDetails, type State, type Trigger } from './state.ts'
import { Totals } from './totals.ts'
import type { TripReading, TripTracker } from './trip-policy.ts'

/** The call that may move a breaker. */
export interface Cause {
  /** When it ended, as its policy was told. Default: now. */
  readonly at?: number | undefined
  readonly error?: unknown
  readonly holdMs?: number | undefined
}

// Keyed breakers share their options: one warning is enough.
const reported = new WeakSet<BreakerConfig>()

/** One breaker's state and all that it knows. Every change of state goes through `apply`. */
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
  /** Changes with every change of state, and only then. */
  epoch = 0
  protected recovery: RecoveryCheck | undefined

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

  /** Opens by hand. Says whether that changed anything: only a closed or half-open breaker can trip. */
  trip(override: OverrideDetails): boolean {
    this.#catchUp()
    const epoch = this.epoch
    this.open('forced', {}, override)
    this.hub.flush()
    return this.epoch !== epoch
  }

  /** Holds the breaker in `forced_open` or `disabled` until the handle is disposed of or the time is over. */
  override(type: 'forced' | 'disabled', override: OverrideDetails, forMs: number): Disposable {
    this.apply({ type, override, forMs }, this.#catchUp(), undefined, override)
    this.hub.flush()
    return {
      [Symbol.dispose]: () => {
        // A later override has taken this one's place: its holder ends it.
        if (!('override' in this.state) || this.state.override !== override) return
        this.apply({ type: 'released' }, this.config.clock.now(), undefined, override)
        this.hub.flush()
      },
    }
  }

  /** Closes, whatever the state, and forgets the window; the totals stay. */
  reset(): void {
    this.askPolicy('clear', undefined, () => this.tracker.clear())
    this.attempt = 0
    this.apply({ type: 'reset' }, this.#catchUp())
    this.hub.flush()
  }

  /** Tells of something that is not a call's result. The caller flushes the event. */
  warn(code: WarningCode, message: string, error?: unknown): void {
    this.hub.warn({
      breaker: this.name,
      ...this.keyed,
      code,
      message,
      ...(error !== undefined && { error }),
    })
  }

  /** What events and status say of a keyed breaker besides its name. */
  get keyed(): { readonly key: string; readonly family: string } | undefined {
    const { key, hub } = this
    // The hub above it is that of its family.
    return key === undefined ? undefined : { key, family: hub.family as string }
  }

  readings(now: number): TripReading[] {
    return this.askPolicy('readings', [], () => this.tracker.readings(now))
  }

  /** Asks the trip policy, which may be somebody's own and throw. The caller flushes the warning. */
  askPolicy<T>(method: string, otherwise: T, ask: () => T): T {
    try {
      return ask()
    } catch (error) {
      this.policyThrew(method, error)
      return otherwise
    }
  }

  protected policyThrew(method: string, error: unknown): void {
    this.warn('trip_policy_threw', `the trip policy threw in ${method}()`, error)
  }

  recentFailures(): FailureRecord[] {
    return this.recent?.records(this) ?? []
  }

  protected open(trigger: Trigger, cause: Cause, override?: OverrideDetails): void {
    const now = this.config.clock.now()
    this.apply({ type: 'tripped', trigger, openMs: this.openMs(trigger, now, cause) }, now, cause, override)
  }

  protected openMs(trigger: Trigger, now: number, { error, holdMs }: Cause): () => number {
    const least = isDuration(holdMs) ? holdMs : 0
    return () => Math.max(least, openDuration(this, { trigger, error, attempt: nextAttempt(this, now) }))
  }

  /** Makes the transition that is due by the clock, before an operator makes another one. */
  #catchUp(): number {
    const now = this.config.clock.now()
    this.apply({ type: 'time_due' }, now)
    return now
  }

  /** The one place where the state changes. The caller flushes the events. */
  protected apply(input: Input, now: number, { at = now, error }: Cause = {}, override?: OverrideDetails): void {
    const from = this.state
    const { state, trigger } = next(from, input, now, this.config.halfOpen)
    // A function of the options has called back in and moved the breaker: that came first.
    if (this.state !== from || state === from) return
    if (state.name === from.name) {
      this.state = state
      if (rampIndex(from) !== rampIndex(state)) this.gate?.startPhase(state)
      return
    }
    const window = this.readings(at)
    this.attempt = state.name === 'open' ? nextAttempt(this, now) : openingsAt(this, now)
    this.totals.transitioned(from, state.name, now)
    this.state = state
    this.sinceWall = this.config.clock.wallNow()
    this.epoch++
    this.askPolicy('clear', undefined, () => this.tracker.clear())
    this.gate?.clear()
    this.recovery?.stop()
    this.recovery = undefined
    if (state.name === 'open') this.#watchForRecovery()
    if (state.name === 'open' || state.name === 'forced_open') {
      // A failed probe opens it again; why it opened at all was known before.
      this.opened = {
        at: this.sinceWall,
        error,
        by: this.opened?.by ?? { at: this.sinceWall, trigger, window },
      }
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
    this.recovery = new RecoveryCheck(recoverWhen, { breaker: this.name, ...this.keyed }, clock, {
      recovered: () => {
        this.apply({ type: 'recovered', then: recoverWhen.then }, clock.now())
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

import type { SteadyClock } from './clock.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import type { Machine } from './machine.ts'
import { type FailureRecord, RecentFailures } from './recent-failures.ts'
import type { BreakerState, OverrideDetails, State, Trigger } from './state.ts'
import type { TripReading } from './trip-policy.ts'

/** When and why a breaker opened: the beginning of an incident. */
export interface OpeningDetails {
  /** In ms since 1970. */
  readonly at: number
  readonly trigger: Trigger
  /** What the trip policies read just before: the numbers that decided, against their thresholds. */
  readonly window: readonly TripReading[]
}

/** What a breaker knows, as JSON that another process can go on from. */
export interface CircuitBreakerSnapshot {
  readonly version: 1
  readonly name: string
  /** When it was taken, in ms since 1970. */
  readonly at: number
  readonly state: BreakerState
  /** How long the breaker had been in this state, in ms. */
  readonly ageMs: number
  /** How much longer the state was to last, in ms; null: no end; absent: the state has none. */
  readonly remainingMs?: number | null
  /** When the breaker opened last, and why in the first place, while it is not closed. */
  readonly opened?: { readonly at: number; readonly by: OpeningDetails }
  /** Openings in a row. */
  readonly attempt: number
  readonly override?: OverrideDetails
  /** What the trip policy has counted, in its own form. */
  readonly window?: unknown
  readonly recentFailures: readonly FailureRecord[]
}

/** What a machine knows, as JSON. */
export function takeSnapshot(machine: Machine): CircuitBreakerSnapshot {
  const { name, config, state, opened, attempt, tracker } = machine
  const now = config.clock.now()
  const window = machine.askPolicy('save', undefined, () => tracker.save?.(now))
  const snapshot: CircuitBreakerSnapshot = {
    version: 1,
    name,
    at: config.clock.wallNow(),
    state: state.name,
    ageMs: now - state.since,
    ...('until' in state && {
      remainingMs: state.until === Number.POSITIVE_INFINITY ? null : Math.max(0, state.until - now),
    }),
    ...('override' in state && { override: state.override }),
    ...(opened && { opened: { at: opened.at, by: opened.by } }),
    attempt,
    ...(window !== undefined && { window }),
    recentFailures: machine.recentFailures(),
  }
  // The trip policy or redact may have thrown.
  machine.hub.flush()
  return snapshot
}

/**
 * Gives a new machine what a snapshot knows, and says which state that is.
 *
 * @throws {CircuitBreakerConfigError} when it is not a snapshot of the breaker of this name
 */
export function restoreSnapshot(machine: Machine, snapshot: CircuitBreakerSnapshot): State {
  checkSnapshot(machine.name, snapshot)
  const { clock } = machine.config
  const now = clock.now()
  machine.sinceWall = snapshot.at - snapshot.ageMs
  machine.totals.timeStartsAt = now
  machine.attempt = snapshot.attempt
  machine.opened = snapshot.opened
  machine.recent = new RecentFailures(snapshot.recentFailures)
  const { window } = snapshot
  const savedAt = now - elapsedSince(snapshot, clock)
  if (window !== undefined) machine.askPolicy('load', undefined, () => machine.tracker.load?.(window, savedAt))
  return restoredState(snapshot, clock)
}

/**
 * Time since a snapshot was taken: from the wall clock, as monotonic clocks of two processes have nothing in common. A wall
 * clock that went back counts as no time.
 */
function elapsedSince(snapshot: CircuitBreakerSnapshot, clock: SteadyClock): number {
  return Math.max(0, clock.wallNow() - snapshot.at)
}

/** The state that a snapshot describes, at the present time of this process. */
function restoredState(snapshot: CircuitBreakerSnapshot, clock: SteadyClock): State {
  const now = clock.now()
  const elapsedMs = elapsedSince(snapshot, clock)
  const since = now - snapshot.ageMs - elapsedMs
  const until = snapshot.remainingMs == null ? Number.POSITIVE_INFINITY : now + snapshot.remainingMs - elapsedMs
  switch (snapshot.state) {
    case 'open':
      return { name: 'open', since, until }
    case 'half_open':
      // The probes of the other process are its own; this one starts its count again.
      return { name: 'half_open', since, successes: 0, failures: 0 }
    case 'forced_open':
    case 'disabled':
      return { name: snapshot.state, since, until, override: snapshot.override ?? { reason: 'restored' } }
    case 'closed':
      return { name: 'closed', since }
  }
}

const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open', 'forced_open', 'disabled']

function checkSnapshot(name: string, snapshot: CircuitBreakerSnapshot): void {
  const { version, ageMs, remainingMs, at } = snapshot
  const isSound =
    version === 1 &&
    STATES.includes(snapshot.state) &&
    Number.isFinite(at) &&
    ageMs >= 0 &&
    (remainingMs == null || remainingMs >= 0) &&
    snapshot.attempt >= 0 &&
    Array.isArray(snapshot.recentFailures)
  if (!isSound) throw new CircuitBreakerConfigError('restore', snapshot, 'what snapshot() gave, version 1')
  if (snapshot.name !== name) {
    throw new CircuitBreakerConfigError('restore', snapshot.name, `a snapshot of the breaker ${JSON.stringify(name)}`)
  }
}

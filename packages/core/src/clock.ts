/** A timer that a {@link Clock} has set. */
export interface Timer {
  /** Stops the timer. Does nothing when it has fired. */
  cancel(): void
  /** Says whether the timer should keep the process alive; where the platform has no such notion, does nothing. */
  keepAlive(alive: boolean): void
}

/** Where a breaker's time comes from. Give your own for tests; `ManualClock` in `@switchgear/core/testing` is one. */
export interface Clock {
  /** Milliseconds that only grow, from any origin. A step back is read as no time having passed. */
  now(): number
  /** Milliseconds since 1970, used to print timestamps and never to measure. Default: `Date.now()`. */
  wallNow?(): number
  /** Calls `callback` once, `ms` from now. Default: `setTimeout`. Needed only by breakers with `timeoutMs`. */
  setTimer?(callback: () => void, ms: number): Timer
}

/** The platform's monotonic clock, looked up at each call so that fake timers work. */
export const systemClock: Clock = { now: () => performance.now() }

// setTimeout fires at once when it is asked for more.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

interface Platform {
  readonly performance: { readonly now: unknown }
  /** Not everywhere: not in browsers. */
  readonly setImmediate?: (callback: () => void) => unknown
  readonly navigator?: { readonly userAgent?: unknown }
}

const platform: Platform = globalThis
// What takes the place of these later is a test's.
const performanceNow = platform.performance.now
// Where each request has timers of its own, they end with it unheard.
const setImmediate = platform.navigator?.userAgent === 'Cloudflare-Workers' ? undefined : platform.setImmediate

// So many calls in a row that begin within so short a time are a burst.
const BURST_CALLS = 32
const BURST_MS = 0.1
// After so long nobody waits for a turn's end: what was to tell of it may be lost, with a request that was cancelled.
const LONGEST_TURN_MS = 1_000

/** A clock that never goes back, whatever its source does. */
export class SteadyClock implements Required<Clock> {
  readonly #source: Clock
  #last = 0
  #offset = 0
  #isBurst = false
  #callsToLook = BURST_CALLS
  #lookedAt = 0
  #hearsUntil = 0

  constructor(source: Clock) {
    this.#source = source
  }

  now(): number {
    const now = this.#source.now() + this.#offset
    if (now >= this.#last && now < Number.POSITIVE_INFINITY) return (this.#last = now)
    // A step back: time stands still here and goes on from here. What is no time at all is left out.
    if (now < this.#last && now > Number.NEGATIVE_INFINITY) this.#offset += this.#last - now
    return this.#last
  }

  /**
   * When a call comes or ends: now. A look at the clock costs as much as the rest of a call, so in a burst of calls most of
   * them get the last reading: at most 31 others got it before, in this turn of the event loop. Only the platform's own clock
   * has bursts.
   */
  callTime(): number {
    if (--this.#callsToLook > 0) {
      // Fake timers may have come in the middle of it.
      return this.#isBurst && platform.setImmediate === setImmediate ? this.#last : this.now()
    }
    const before = this.#lookedAt
    const now = this.#look()
    this.#isBurst = now - before <= BURST_MS && this.#hearsOfTurnEnd(now)
    return now
  }

  #look(): number {
    this.#callsToLook = BURST_CALLS
    return (this.#lookedAt = this.now())
  }

  /** Whether the burst will end with this turn of the event loop. */
  #hearsOfTurnEnd(now: number): boolean {
    if (setImmediate === undefined || this.#source !== systemClock) return false
    // Fake timers have put their own time in place.
    if (platform.performance.now !== performanceNow) return false
    if (now < this.#hearsUntil) return true
    try {
      setImmediate(() => {
        this.#isBurst = false
        this.#hearsUntil = 0
        this.#look()
      })
      this.#hearsUntil = now + LONGEST_TURN_MS
      return true
    } catch {
      // Not in a worker that is not serving a request.
      return false
    }
  }

  wallNow(): number {
    return this.#source.wallNow ? this.#source.wallNow() : Date.now()
  }

  setTimer(callback: () => void, ms: number): Timer {
    const delay = Math.min(ms, LONGEST_TIMEOUT_MS)
    return this.#source.setTimer ? this.#source.setTimer(callback, delay) : platformTimer(callback, delay)
  }
}

// Breakers on one clock share its steady reading, so that all of them see one order of events.
const steadyClocks = new WeakMap<Clock, SteadyClock>()

/** The steady reading of a clock: one per source. */
export function steady(source: Clock): SteadyClock {
  let clock = steadyClocks.get(source)
  if (clock === undefined) steadyClocks.set(source, (clock = new SteadyClock(source)))
  return clock
}

function platformTimer(callback: () => void, ms: number): Timer {
  // Node and Deno give an object or a number with ways to unref; browsers only a number.
  const handle: unknown = setTimeout(callback, ms)
  return {
    cancel: () => clearTimeout(handle as Parameters<typeof clearTimeout>[0]),
    keepAlive: (alive) => {
      const timer = handle as { ref?: () => void; unref?: () => void }
      if (alive) timer.ref?.()
      else timer.unref?.()
    },
  }
}

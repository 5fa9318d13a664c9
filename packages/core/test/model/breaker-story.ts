import type { BreakerState, RejectionReason, Verdict } from '@switchgear/core'
import type { BreakerView, Driver, Reaction, Scenario } from './scenario.ts'
import type { Result } from './trip-rule.ts'

/** A state from its beginning to its end. */
interface Chapter {
  readonly state: BreakerState
  readonly from: number
  /** When it ends by itself. */
  until: number
  /** Who keeps the breaker in it. */
  override: number | undefined
  /** The calls that ended while it lasted and were judged. */
  readonly results: Result[]
}

interface Call {
  /** Undefined for a call that only `observe` lets through. */
  readonly chapter: Chapter | undefined
  readonly probe: boolean
  readonly from: number
  /** Whether it was executed, and may have a time limit; else it is a permit. */
  readonly isExecuted: boolean
  end?: { readonly verdict: Verdict; readonly isStale: boolean; readonly durationMs: number }
}

interface Told {
  readonly name: Reaction['on']
  readonly to?: BreakerState
  readonly line: string
}

/**
 * A breaker as its documentation tells it: a list of states, a list of calls and a list of rejections, from which every
 * answer is worked out anew. Slow, and without a number that could be out of step with another one.
 */
export class BreakerStory implements Driver {
  readonly scenario: Scenario
  /** The calls that somebody can end, in the order in which they were given away. */
  readonly given: Call[] = []
  overrides = 0
  now = 0
  readonly #chapters: Chapter[] = []
  readonly #calls: Call[] = []
  readonly #rejections: RejectionReason[] = []
  readonly #waiting: Told[] = []
  readonly #reactionsLeft: number[]
  #heard: string[] = []
  #blunders = 0
  #isTelling = false

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.#reactionsLeft = scenario.reactions.map(({ times }) => times)
    this.#begin('closed')
  }

  get #chapter(): Chapter {
    return this.#chapters.at(-1) as Chapter
  }

  get state(): BreakerState {
    const { state, until } = this.#chapter
    if (this.now < until) return state
    return state === 'disabled' ? 'closed' : 'half_open'
  }

  ask(isExecuted = false): boolean {
    this.#endLeases()
    const { state } = this
    if (state === 'open' || state === 'forced_open') return this.#refuse(state, isExecuted)
    if (this.#inFlight().length >= this.scenario.maxConcurrent) return this.#refuse('half_open_full', isExecuted)
    this.#turnIfDue()
    this.#admit({ chapter: this.#chapter, probe: state === 'half_open', from: this.now, isExecuted })
    return true
  }

  settle(call: Call | undefined, verdict: Verdict): void {
    if (call === undefined || call.end !== undefined) return
    if (call.probe) this.#endLeases()
    if (call.end === undefined) this.#end(call, verdict)
    this.#tell()
  }

  settleLatest(verdict: Verdict): void {
    this.settle(
      this.given.findLast(({ isExecuted }) => !isExecuted),
      verdict,
    )
  }

  trip(): boolean {
    this.#turnIfDue()
    const { state } = this.#chapter
    const trips = state === 'closed' || state === 'half_open'
    if (trips) this.#open('forced')
    this.#tell()
    return trips
  }

  reset(): void {
    this.#turnIfDue()
    if (this.#chapter.state === 'closed') this.#chapter.results.length = 0
    else this.#turn('closed', 'reset')
    this.#tell()
  }

  override(state: 'forced_open' | 'disabled', forMs: number): void {
    this.#turnIfDue()
    // The same state goes on in other hands.
    if (this.#chapter.state !== state) this.#turn(state, state === 'disabled' ? 'disabled' : 'forced')
    this.#chapter.until = this.now + forMs
    this.#chapter.override = this.overrides++
    this.#tell()
  }

  dispose(override: number): void {
    if (this.#chapter.override !== override) return
    this.#turn(this.#chapter.state === 'disabled' ? 'closed' : 'half_open', 'released')
    this.#tell()
  }

  /** Time passes; executed calls end at their limit. */
  advance(ms: number): void {
    const target = this.now + ms
    const { timeoutMs = Number.POSITIVE_INFINITY } = this.scenario
    const isWaiting = ({ isExecuted, end }: Call): boolean => isExecuted && end === undefined
    for (;;) {
      const limit = Math.min(...this.given.filter(isWaiting).map(({ from }) => from + timeoutMs))
      if (limit > target || limit === Number.POSITIVE_INFINITY) break
      this.now = limit
      for (const call of this.given)
        if (isWaiting(call) && call.from + timeoutMs === limit) this.settle(call, 'failure')
    }
    this.now = target
  }

  blunder(): void {
    this.#blunders++
  }

  isAvailable(): boolean {
    const { mode, failuresToOpen, maxConcurrent, openMs } = this.scenario
    if (mode === 'observe') return true
    if (this.state !== 'half_open') return this.state === 'closed' || this.state === 'disabled'
    const lapsed = this.#lapsed().length
    if (this.#failures() + lapsed >= failuresToOpen) return lapsed === 0 || openMs[0] === 0
    return this.#inFlight().length - lapsed < maxConcurrent
  }

  view(): BreakerView {
    const { state, override, until, results } = this.#chapter
    const { slowMs = Number.POSITIVE_INFINITY } = this.scenario.rule
    const ends = this.#calls.flatMap(({ end }) => end ?? [])
    const count = (verdict: Verdict): number => ends.filter((end) => end.verdict === verdict).length
    const rejected = (reason: RejectionReason): number => this.#rejections.filter((given) => given === reason).length
    const isProbing = state === 'half_open'
    const heard = this.#heard
    this.#heard = []
    return {
      state: this.state,
      isAvailable: this.isAvailable(),
      retryAfterMs: this.#retryAfterMs(),
      trip: this.scenario.rule.readings(state === 'closed' ? results : [], this.now),
      halfOpen: {
        inFlight: this.#inFlight().length,
        successes: isProbing ? results.length - this.#failures() : 0,
        failures: isProbing ? this.#failures() : 0,
      },
      totals: {
        success: count('success'),
        failure: count('failure'),
        ignored: count('ignored'),
        stale: ends.filter(({ isStale }) => isStale).length,
        slow: ends.filter(({ durationMs }) => durationMs >= slowMs).length,
        active: this.#calls.length - ends.length,
      },
      rejections: {
        open: rejected('open'),
        half_open_full: rejected('half_open_full'),
        ramping: 0,
        forced_open: rejected('forced_open'),
      },
      transitions: this.#chapters.length - 1,
      timeInState: this.#timeInState(),
      override: override === undefined || this.now >= until ? undefined : String(override),
      blunders: this.#blunders,
      heard,
    }
  }

  #retryAfterMs(): number | undefined {
    const { state, until } = this.#chapter
    const [oldest] = this.#inFlight()
    const waitsForPlace = oldest !== undefined && !this.isAvailable()
    const placeAt = waitsForPlace ? oldest.from + this.scenario.leaseMs : 0
    const left = { open: until, forced_open: until, half_open: placeAt, closed: 0, disabled: 0 }[state] - this.now
    return left > 0 && left < Number.POSITIVE_INFINITY ? left : undefined
  }

  #timeInState(): Record<BreakerState, number> {
    const times = { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 }
    for (const [index, { state, from, until }] of this.#chapters.entries()) {
      const next = this.#chapters[index + 1]?.from ?? this.now
      const end = Math.min(until, next)
      times[state] += end - from
      times[state === 'disabled' ? 'closed' : 'half_open'] += next - end
    }
    return times
  }

  #failures(): number {
    return this.#chapter.results.filter(({ failed }) => failed).length
  }

  /** The probes that hold a place, oldest first. */
  #inFlight(): Call[] {
    return this.#calls.filter(({ chapter, probe, end }) => chapter === this.#chapter && probe && end === undefined)
  }

  #lapsed(): Call[] {
    return this.#inFlight().filter(({ from }) => this.now - from >= this.scenario.leaseMs)
  }

  #endLeases(): void {
    for (const call of this.#lapsed()) if (call.end === undefined) this.#end(call, 'failure', 'probe_timeout')
  }

  #refuse(reason: RejectionReason, isExecuted: boolean): boolean {
    const isEnforced = this.scenario.mode === 'enforce'
    this.#rejections.push(reason)
    this.#say({ name: 'rejected', line: `rejected: ${reason} in ${this.state}` })
    if (isEnforced) this.#tell()
    else this.#admit({ chapter: undefined, probe: false, from: this.now, isExecuted })
    return !isEnforced
  }

  #admit(call: Call): void {
    this.#calls.push(call)
    // Listeners come first: nobody can end a call that has not been given away.
    this.#tell()
    this.given.push(call)
  }

  #end(call: Call, verdict: Verdict, trigger = 'probe_failed'): void {
    const durationMs = this.now - call.from
    const isStale = call.chapter !== undefined && call.chapter !== this.#chapter
    call.end = { verdict, isStale, durationMs }
    const name = isStale ? 'stale' : verdict
    this.#say({ name, line: `${name}: ${verdict} after ${durationMs}${call.probe ? ', a probe' : ''}` })
    if (call.chapter === this.#chapter && verdict !== 'ignored') {
      this.#chapter.results.push({ failed: verdict === 'failure', at: this.now, durationMs })
      this.#judge(trigger)
    }
  }

  #judge(probeTrigger: string): void {
    const { state, results } = this.#chapter
    if (state === 'closed') {
      const trigger = this.scenario.rule.trigger(results, this.now)
      if (trigger !== undefined) this.#open(trigger)
    } else if (state === 'half_open') {
      const { successesToClose, failuresToOpen } = this.scenario
      if (results.length - this.#failures() >= successesToClose) this.#turn('closed', 'probes_succeeded')
      else if (this.#failures() >= failuresToOpen) this.#open(probeTrigger)
    }
  }

  #turnIfDue(): void {
    const { state, until } = this.#chapter
    if (this.now >= until) this.#turn(this.state, state === 'open' ? 'open_elapsed' : 'released')
  }

  #open(trigger: string): void {
    const lastClosed = this.#chapters.findLastIndex(({ state }) => state === 'closed')
    const openings = this.#chapters.slice(lastClosed).filter(({ state }) => state === 'open').length
    const { openMs } = this.scenario
    this.#turn('open', trigger)
    this.#chapter.until = this.now + (openMs[Math.min(openings, openMs.length - 1)] as number)
  }

  #turn(state: BreakerState, trigger: string): void {
    const left = this.#chapter
    this.#begin(state)
    const line = `transition: ${left.state} to ${state} by ${trigger} after ${this.now - left.from}`
    this.#say({ name: 'transition', to: state, line })
  }

  #begin(state: BreakerState): void {
    const until = Number.POSITIVE_INFINITY
    this.#chapters.push({ state, from: this.now, until, override: undefined, results: [] })
  }

  #say(told: Told): void {
    this.#waiting.push(told)
  }

  /** Events go to the listeners one by one; what a listener causes waits for its turn. */
  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    for (let told = this.#waiting.shift(); told !== undefined; told = this.#waiting.shift()) {
      const isEnd = told.name !== 'transition' && told.name !== 'rejected'
      if (!isEnd || this.scenario.hearsEnds) this.#heard.push(told.line)
      for (const [index, reaction] of this.scenario.reactions.entries()) this.#react(index, reaction, told)
    }
    this.#isTelling = false
  }

  #react(index: number, { on, to, act }: Reaction, told: Told): void {
    const left = this.#reactionsLeft[index] ?? 0
    if (on !== told.name || (to !== undefined && to !== told.to) || left === 0) return
    this.#reactionsLeft[index] = left - 1
    act(this)
  }
}

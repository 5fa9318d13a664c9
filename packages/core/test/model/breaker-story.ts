import type { BreakerState, RejectionReason, Verdict } from '@switchgear/core'
import { BreakerRecord, type Call } from './breaker-record.ts'
import type { BreakerView, Driver, Reaction, Scenario } from './scenario.ts'

interface Told {
  readonly name: Reaction['on']
  readonly to?: BreakerState
  readonly line: string
}

/** A breaker as its documentation tells it: what happens is written down, and nothing else is kept. */
export class BreakerStory implements Driver {
  readonly scenario: Scenario
  /** The calls that somebody can end, in the order in which they were given away. */
  readonly given: Call[] = []
  overrides = 0
  readonly #record: BreakerRecord
  readonly #waiting: Told[] = []
  readonly #reactionsLeft: number[]
  #heard: string[] = []
  #blunders = 0
  #isTelling = false

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.#record = new BreakerRecord(scenario)
    this.#reactionsLeft = scenario.reactions.map(({ times }) => times)
  }

  get state(): BreakerState {
    return this.#record.state
  }

  ask(isExecuted = false): boolean {
    this.#endLeases()
    const { state, inFlight } = this.#record
    if (state === 'open' || state === 'forced_open') return this.#refuse(state, isExecuted)
    if (inFlight.length >= this.scenario.maxConcurrent) return this.#refuse('half_open_full', isExecuted)
    this.#turnIfDue()
    const { chapter, now } = this.#record
    this.#admit({ chapter, probe: state === 'half_open', from: now, isExecuted })
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
    const { state } = this.#record.chapter
    const trips = state === 'closed' || state === 'half_open'
    if (trips) this.#open('forced')
    this.#tell()
    return trips
  }

  reset(): void {
    this.#turnIfDue()
    const { state, results } = this.#record.chapter
    if (state === 'closed') results.length = 0
    else this.#turn('closed', 'reset')
    this.#tell()
  }

  override(state: 'forced_open' | 'disabled', forMs: number): void {
    this.#turnIfDue()
    // The same state goes on in other hands.
    if (this.#record.chapter.state !== state) this.#turn(state, state === 'disabled' ? 'disabled' : 'forced')
    this.#record.chapter.until = this.#record.now + forMs
    this.#record.chapter.override = this.overrides++
    this.#tell()
  }

  dispose(override: number): void {
    const { chapter } = this.#record
    if (chapter.override !== override) return
    this.#turn(chapter.state === 'disabled' ? 'closed' : 'half_open', 'released')
    this.#tell()
  }

  /** Time passes; executed calls end at their limit. */
  advance(ms: number): void {
    const target = this.#record.now + ms
    const { timeoutMs = Number.POSITIVE_INFINITY } = this.scenario
    const isWaiting = ({ isExecuted, end }: Call): boolean => isExecuted && end === undefined
    for (;;) {
      const limit = Math.min(...this.given.filter(isWaiting).map(({ from }) => from + timeoutMs))
      if (limit > target || limit === Number.POSITIVE_INFINITY) break
      this.#record.now = limit
      for (const call of this.given)
        if (isWaiting(call) && call.from + timeoutMs === limit) this.settle(call, 'failure')
    }
    this.#record.now = target
  }

  blunder(): void {
    this.#blunders++
  }

  view(): BreakerView {
    const heard = this.#heard
    this.#heard = []
    return { ...this.#record.view(), blunders: this.#blunders, heard }
  }

  #endLeases(): void {
    for (const call of this.#record.lapsed) this.#end(call, 'failure', 'probe_timeout')
  }

  #refuse(reason: RejectionReason, isExecuted: boolean): boolean {
    const isEnforced = this.scenario.mode === 'enforce'
    this.#record.rejections.push(reason)
    this.#waiting.push({ name: 'rejected', line: `rejected: ${reason} in ${this.state}` })
    if (isEnforced) this.#tell()
    else this.#admit({ chapter: undefined, probe: false, from: this.#record.now, isExecuted })
    return !isEnforced
  }

  #admit(call: Call): void {
    this.#record.calls.push(call)
    // Listeners come first: nobody can end a call that has not been given away.
    this.#tell()
    this.given.push(call)
  }

  #end(call: Call, verdict: Verdict, trigger = 'probe_failed'): void {
    const { chapter, now } = this.#record
    const durationMs = now - call.from
    const isStale = call.chapter !== undefined && call.chapter !== chapter
    const name = isStale ? 'stale' : verdict
    call.end = { verdict, isStale, durationMs }
    this.#waiting.push({ name, line: `${name}: ${verdict} after ${durationMs}${call.probe ? ', a probe' : ''}` })
    if (call.chapter !== chapter || verdict === 'ignored') return
    chapter.results.push({ failed: verdict === 'failure', at: now, durationMs })
    this.#judge(trigger)
  }

  #judge(probeTrigger: string): void {
    const { chapter, now, failures } = this.#record
    if (chapter.state === 'closed') {
      const trigger = this.scenario.rule.trigger(chapter.results, now)
      if (trigger !== undefined) this.#open(trigger)
    } else if (chapter.state === 'half_open') {
      const { successesToClose, failuresToOpen } = this.scenario
      if (chapter.results.length - failures >= successesToClose) this.#turn('closed', 'probes_succeeded')
      else if (failures >= failuresToOpen) this.#open(probeTrigger)
    }
  }

  #turnIfDue(): void {
    const { chapter, now, state } = this.#record
    if (now >= chapter.until) this.#turn(state, chapter.state === 'open' ? 'open_elapsed' : 'released')
  }

  #open(trigger: string): void {
    const { openMs } = this.scenario
    const ms = openMs[Math.min(this.#record.openings, openMs.length - 1)] as number
    this.#turn('open', trigger)
    this.#record.chapter.until = this.#record.now + ms
  }

  #turn(to: BreakerState, trigger: string): void {
    const { state, from } = this.#record.chapter
    this.#record.begin(to)
    const line = `transition: ${state} to ${to} by ${trigger} after ${this.#record.now - from}`
    this.#waiting.push({ name: 'transition', to, line })
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

  #react(index: number, reaction: Reaction, { name, to }: Told): void {
    const left = this.#reactionsLeft[index] ?? 0
    if (reaction.on !== name || (reaction.to !== undefined && reaction.to !== to) || left === 0) return
    this.#reactionsLeft[index] = left - 1
    reaction.act(this)
  }
}

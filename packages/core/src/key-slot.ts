import { type CircuitBreaker, machineOf } from './circuit-breaker.ts'
import type { FamilyTally } from './family-status.ts'
import { knowsOfFailures } from './knows-of-failures.ts'
import { stateAt } from './state.ts'

/** A key's place in a family. The queue that it stands in owns `queue`, `before` and `after`. */
export class KeySlot {
  readonly key: string
  readonly breaker: CircuitBreaker
  /** Of the breakers that have the same name. */
  readonly tally: FamilyTally
  /** When it was asked for last. */
  usedAt: number
  queue: KeyQueue | undefined = undefined
  before: KeySlot | undefined = undefined
  after: KeySlot | undefined = undefined

  constructor(key: string, breaker: CircuitBreaker, tally: FamilyTally, now: number) {
    this.key = key
    this.breaker = breaker
    this.tally = tally
    this.usedAt = now
  }

  /**
   * What may become of the key: `kept`, it stays; `spare`, nothing is lost when it goes; `idle`, it was not used for so long
   * that what it knows of failures is out of date.
   */
  standing(now: number, idleMs: number): 'kept' | 'spare' | 'idle' {
    const machine = machineOf(this.breaker)
    const state = stateAt(machine.state, now)
    if (machine.totals.active > 0 || (state !== 'closed' && state !== 'half_open')) return 'kept'
    // A call that takes long may have failed long after the key was asked for.
    if (now - Math.max(this.usedAt, machine.recent?.lastAt ?? this.usedAt) >= idleMs) return 'idle'
    return state === 'half_open' || knowsOfFailures(machine, now) ? 'kept' : 'spare'
  }
}

/** Keys in the order in which they were put in. Any of them is put in or taken out in the same time. */
export class KeyQueue {
  first: KeySlot | undefined = undefined
  #last: KeySlot | undefined = undefined

  /** Puts a key last, taking it from where it stands. */
  add(slot: KeySlot): void {
    if (slot === this.#last) return
    slot.queue?.remove(slot)
    slot.queue = this
    slot.before = this.#last
    if (this.#last === undefined) this.first = slot
    else this.#last.after = slot
    this.#last = slot
  }

  remove(slot: KeySlot): void {
    const { before, after } = slot
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    slot.queue = slot.before = slot.after = undefined
  }
}

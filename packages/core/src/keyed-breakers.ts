import { CircuitBreaker, machineOf } from './circuit-breaker.ts'
import { differingOptions } from './differing-options.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import type { EventHub } from './event-hub.ts'
import type { EventName, Listener, ListenOptions, WarningCode } from './events.ts'
import { FamilyHub } from './family-hub.ts'
import type { FamilyStatus } from './family-status.ts'
import { FamilyTallies } from './family-tallies.ts'
import { KeyQueue, KeySlot } from './key-slot.ts'
import type { KeyedLimits } from './keyed-options.ts'
import { Placement } from './placement.ts'
import type { BreakerConfig, CircuitBreakerOptions } from './options.ts'
import type { CircuitBreakerStatus } from './status.ts'

// What a new key costs at most, in looks at other keys. A look moves a key to where it is not looked at again soon: in the
// long run a new key costs a few of them, however many keys there are.
const LOOKS_FOR_IDLE = 2
const LOOKS_AT_KEPT = 8
const LOOKS_AT_READY = 1_000

/** The key that the shared breaker has in events, and the end of its name. */
const OVERFLOW_KEY = '_OTHER'

/**
 * A breaker for each key of a family, such as each origin or each unit of work: made when it is first asked for, let go
 * when it is of no more use. `CircuitBreakerRegistry.keyed` gives one.
 *
 * At most `maxKeys` keys have a breaker of their own. To make room for a new one, a key is let go with which nothing is
 * lost: its breaker is closed, has no call in flight and knows of no failure; among those, the one not used for the longest
 * time. If there is none, the new key gets the shared {@link overflow} breaker.
 */
export class KeyedBreakers implements Iterable<[key: string, breaker: CircuitBreaker]> {
  /** The family's name. */
  readonly name: string
  readonly #limits: KeyedLimits
  readonly #config: BreakerConfig
  readonly #hub: EventHub
  readonly #slots = new Map<string, KeySlot>()
  /** Keys that may be let go, the one not used for the longest time first. */
  readonly #ready = new KeyQueue()
  /** Keys that had to stay when they were looked at. */
  readonly #kept = new KeyQueue()
  readonly #tallies = new FamilyTallies()
  #overflow: KeySlot | undefined

  constructor(name: string, limits: KeyedLimits, config: BreakerConfig, parent: EventHub) {
    if (typeof name !== 'string' || name === '') {
      throw new CircuitBreakerConfigError("a family's name", name, 'a string that is not empty')
    }
    this.name = name
    this.#limits = limits
    this.#config = config
    this.#hub = new FamilyHub(parent, name)
    // Counters are to start at 0, so the family's name is there before its first key.
    if (limits.nameOf === undefined) this.#tallies.of(name)
  }

  /** How many keys have a breaker of their own; at most `maxKeys`. */
  get size(): number {
    return this.#slots.size
  }

  /** The breaker that keys share for which there was no room, if that has happened. Its name ends in `:_OTHER`. */
  get overflow(): CircuitBreaker | undefined {
    return this.#overflow?.breaker
  }

  /**
   * The breaker of a key, made now if there is none. Ask for it at each call and do not keep it: a key that was let go gets
   * another one.
   *
   * @throws {CircuitBreakerConfigError} for a new key that is not a string, or is empty
   */
  for(key: string): CircuitBreaker {
    const slot = this.#slots.get(key)
    if (slot === undefined) return this.#add(key).breaker
    slot.usedAt = this.#config.clock.now()
    if (slot.queue === this.#ready) this.#ready.add(slot)
    return slot.breaker
  }

  /** The breaker of a key, if it has one of its own. Looking is no use of it. */
  peek(key: string): CircuitBreaker | undefined {
    return this.#slots.get(key)?.breaker
  }

  /** Lets a key go, whatever its breaker knows; says whether it had one. A breaker that is not closed is reset first. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key)
    if (slot !== undefined) this.#letGo(slot)
    return slot !== undefined
  }

  /** Resets the breaker of a key; says whether it has one. */
  reset(key: string): boolean {
    const breaker = this.peek(key)
    breaker?.reset()
    return breaker !== undefined
  }

  /** Resets the breakers of all keys, and the shared one. */
  resetAll(): void {
    for (const [, breaker] of this) breaker.reset()
    this.overflow?.reset()
  }

  /** The status of each key that has a breaker of its own. */
  status(): Record<string, CircuitBreakerStatus> {
    return Object.fromEntries([...this].map(([key, breaker]) => [key, breaker.status()]))
  }

  /**
   * All breakers, the shared one and those that were let go included, added up: one status for each name. A name that no key
   * has any more stays, until a thousand others do.
   */
  summary(): FamilyStatus[] {
    const now = this.#config.clock.now()
    const sums = new Map([...this.#tallies].map((tally) => [tally, tally.copy()]))
    for (const { breaker, tally } of this.#slots.values()) sums.get(tally)?.addLive(machineOf(breaker), now)
    if (this.#overflow !== undefined) sums.get(this.#overflow.tally)?.addLive(machineOf(this.#overflow.breaker), now)
    return [...sums.values()].map((sum) => sum.status(this.#config))
  }

  /** Keys and their breakers, in the order in which they were made. */
  *[Symbol.iterator](): Generator<[key: string, breaker: CircuitBreaker], void> {
    for (const [key, { breaker }] of this.#slots) yield [key, breaker]
  }

  /** Hears of an event of every breaker of the family, those to come included, until the handle is disposed of. */
  on<N extends EventName>(event: N, listener: Listener<N>, options?: ListenOptions): Disposable {
    return this.#hub.on(event, listener, options)
  }

  /** Tells, once, that the family was asked for with options that it does not have. For this package's own parts. */
  reportDifferences(limits: KeyedLimits, config: BreakerConfig): void {
    const differing = differingOptions({ ...this.#config, ...this.#limits }, { ...config, ...limits })
    if (differing.length === 0) return
    this.warn(
      'options_differ',
      `asked for again with other options (${differing.join(', ')}); those it was made with hold`,
    )
  }

  /** Tells of something that is wrong with the family as a whole, once per code. For this package's own parts. */
  warn(code: WarningCode, message: string, error?: unknown): void {
    this.#hub.warn({ breaker: this.name, code, message, ...(error !== undefined && { error }) })
    this.#hub.flush()
  }

  #add(key: string): KeySlot {
    if (typeof key !== 'string' || key === '') {
      throw new CircuitBreakerConfigError(`a key of "${this.name}"`, key, 'a string that is not empty')
    }
    const now = this.#config.clock.now()
    this.#letIdleGo(this.#ready, now)
    this.#letIdleGo(this.#kept, now)
    if (this.#slots.size >= this.#limits.maxKeys && !this.#makeRoom(now)) return this.#share(now)
    const name = this.#nameOf(key)
    // Code of the user's has run: a listener, when a key was let go, and nameOf. It may have asked for this key.
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot = this.#createSlot(key, name, now)
    this.#slots.set(key, slot)
    this.#ready.add(slot)
    return slot
  }

  #letIdleGo(queue: KeyQueue, now: number): void {
    for (let looks = 0; looks < LOOKS_FOR_IDLE && queue.first !== undefined; looks++) {
      const slot = queue.first
      const standing = slot.standing(now, this.#limits.idleMs)
      if (standing === 'idle') this.#letGo(slot)
      else if (standing === 'kept') this.#kept.add(slot)
      else if (queue === this.#kept) this.#ready.add(slot)
      else return
    }
  }

  /** Lets keys go with which nothing is lost until there is room; says whether there is. */
  #makeRoom(now: number): boolean {
    const { maxKeys, idleMs } = this.#limits
    for (let looks = 0; looks < LOOKS_AT_KEPT && this.#kept.first !== undefined; looks++) {
      const slot = this.#kept.first
      ;(slot.standing(now, idleMs) === 'kept' ? this.#kept : this.#ready).add(slot)
    }
    for (let looks = 0; looks < LOOKS_AT_READY && this.#ready.first !== undefined; looks++) {
      const slot = this.#ready.first
      if (slot.standing(now, idleMs) === 'kept') this.#kept.add(slot)
      else this.#letGo(slot)
      // A listener that has heard of it may have taken the room for a new key.
      if (this.#slots.size < maxKeys) return true
    }
    return false
  }

  #letGo(slot: KeySlot): void {
    const machine = machineOf(slot.breaker)
    // So that what was told of its opening is told to be over.
    if (machine.state.name !== 'closed') machine.reset()
    // A listener of that may have let it go.
    if (this.#slots.get(slot.key) !== slot) return
    this.#slots.delete(slot.key)
    slot.queue?.remove(slot)
    slot.tally.addGone(machine, this.#config.clock.now())
    this.#tallies.leave(slot.tally)
  }

  #share(now: number): KeySlot {
    if (this.#overflow === undefined) {
      this.#overflow = this.#createSlot(OVERFLOW_KEY, `${this.name}:${OVERFLOW_KEY}`, now)
      this.warn(
        'keys_exhausted',
        `${this.#limits.maxKeys} keys are in use and none can be let go; further ones share the breaker "${this.#overflow.breaker.name}"`,
      )
    }
    return this.#overflow
  }

  #createSlot(key: string, name: string, now: number): KeySlot {
    const placement = new Placement(this.#config, this.#hub, key) as CircuitBreakerOptions
    return new KeySlot(key, new CircuitBreaker(name, placement), this.#tallies.join(name), now)
  }

  #nameOf(key: string): string {
    const { nameOf } = this.#limits
    if (nameOf === undefined) return this.name
    try {
      const name: unknown = nameOf(key)
      if (typeof name === 'string' && name !== '') return name
      this.warn('name_of_threw', "nameOf gave no name; the family's is used")
    } catch (error) {
      this.warn('name_of_threw', "nameOf threw; the family's name is used", error)
    }
    return this.name
  }
}

import type { SteadyClock, Timer } from './clock.ts'

/** Something that has to end by a time. The queue owns all fields but `expire`. */
export abstract class Deadline {
  at = 0
  queued = false
  before: Deadline | undefined = undefined
  after: Deadline | undefined = undefined
  abstract expire(): void
}

// setTimeout counts whole ms of the loop's own clock and may fire a fraction of one early.
const EARLY_MS = 1

/**
 * Deadlines that are all equally far away when they are added, and so are due in the order they came: one timer for all
 * of them, set for the first. The timer outlives the calls it was set for, and keeps the process alive only while there
 * are calls to wait for.
 */
export class DeadlineQueue {
  readonly #clock: SteadyClock
  readonly #ms: number
  #first: Deadline | undefined
  #last: Deadline | undefined
  #timer: Timer | undefined

  constructor(clock: SteadyClock, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  add(deadline: Deadline, now: number): void {
    deadline.at = now + this.#ms
    deadline.queued = true
    deadline.before = this.#last
    if (this.#last === undefined) this.#first = deadline
    else this.#last.after = deadline
    this.#last = deadline
    if (this.#timer === undefined) this.#setTimer(this.#ms)
    else if (this.#first === deadline) this.#timer.keepAlive(true)
  }

  /** Does nothing when it is not waiting any more. */
  remove(deadline: Deadline): void {
    if (!deadline.queued) return
    deadline.queued = false
    const { before, after } = deadline
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    deadline.before = deadline.after = undefined
    if (this.#first === undefined) this.#timer?.keepAlive(false)
  }

  #setTimer(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return
    this.#timer = this.#clock.setTimer(() => this.#expireDue(), Math.ceil(ms))
  }

  #expireDue(): void {
    const now = this.#clock.now()
    for (let due = this.#first; due !== undefined && due.at - now < EARLY_MS; due = this.#first) {
      this.remove(due)
      due.expire()
    }
    // Only now: a call that began meanwhile, at the end of the queue, must not set the timer for itself.
    this.#timer = undefined
    if (this.#first !== undefined) this.#setTimer(this.#first.at - now)
  }
}

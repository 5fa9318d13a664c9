import type { Clock, Timer } from '@switchgear/core'

/** A time limit that counts only while it is the service's turn to do something, and begins anew with each thing that it does. */
export class TurnTimer {
  readonly #clock: Required<Clock>
  readonly #ms: number
  readonly #onOver: () => void
  #since = 0
  #timer: Timer | undefined

  constructor(clock: Required<Clock>, ms: number, onOver: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#onOver = onOver
  }

  /** The service has to do something from now on, or has done something and has more to do. */
  start(): void {
    if (this.#ms === Number.POSITIVE_INFINITY) return
    this.#since = this.#clock.now()
    // One that is set already looks at the time again when it fires: a timer for each piece of a stream would cost too much.
    if (this.#timer === undefined) this.#set(this.#ms)
  }

  /** The service has done what it had to do. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** As {@link start}, if it is the service's turn. */
  restart(): void {
    if (this.#timer !== undefined) this.start()
  }

  #set(ms: number): void {
    this.#timer = this.#clock.setTimer(() => this.#fire(), Math.ceil(ms))
  }

  #fire(): void {
    this.#timer = undefined
    const left = this.#since + this.#ms - this.#clock.now()
    if (left > 0) this.#set(left)
    else this.#onOver()
  }
}

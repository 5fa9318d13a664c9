import type { SteadyClock, Timer } from './clock.ts'

/** What a recovery check is told. */
export interface RecoveryContext {
  /** Aborts when the check takes too long or the breaker is no longer open. */
  readonly signal: AbortSignal
  /** The breaker's name. */
  readonly breaker: string
  /** Which one of a family of keyed breakers it is. */
  readonly key?: string
  /** The name of that family. */
  readonly family?: string
}

/** Asks whether a service is back while its breaker is open, instead of waiting for the open time to end. */
export interface RecoverWhen {
  /** True when the service is back. One that throws, or gives anything but true, keeps the breaker open. */
  check: (context: RecoveryContext) => boolean | Promise<boolean>
  /** How often to ask, in ms, from the opening on. */
  everyMs: number
  /** After how many ms a check counts as "not back" and its signal is aborted. Default: `everyMs`, at most 30,000. */
  timeoutMs?: number
  /** What true does: let probes through, or close at once. Default: `probe`. */
  then?: 'probe' | 'close'
}

/** What a check tells the breaker. */
export interface RecoveryReport {
  recovered(): void
  checkThrew(error: unknown): void
}

/**
 * The checks of one opening: one at a time, by a timer that does not keep the process alive, and on demand by a call that
 * comes when a check is due: where a process is frozen between calls, timers do not fire.
 */
export class RecoveryCheck {
  readonly #options: Required<RecoverWhen>
  readonly #breaker: Omit<RecoveryContext, 'signal'>
  readonly #clock: SteadyClock
  readonly #report: RecoveryReport
  #dueAt: number
  #timer: Timer | undefined
  #running: AbortController | undefined
  #stopped = false

  constructor(
    options: Required<RecoverWhen>,
    breaker: Omit<RecoveryContext, 'signal'>,
    clock: SteadyClock,
    report: RecoveryReport,
  ) {
    this.#options = options
    this.#breaker = breaker
    this.#clock = clock
    this.#report = report
    this.#dueAt = clock.now() + options.everyMs
    this.#setTimer()
  }

  /** Starts a check if one is due and none is running. */
  runIfDue(): void {
    if (!this.#stopped && this.#running === undefined && this.#clock.now() >= this.#dueAt) void this.#run()
  }

  /** The breaker is no longer open. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#running?.abort(new Error('the circuit breaker is no longer open'))
  }

  #setTimer(): void {
    const ms = Math.max(0, this.#dueAt - this.#clock.now())
    if (ms === Number.POSITIVE_INFINITY) return
    this.#timer = this.#clock.setTimer(() => {
      // A long delay is cut to what the platform can wait for.
      if (this.#clock.now() < this.#dueAt) this.#setTimer()
      else this.runIfDue()
    }, ms)
    this.#timer.keepAlive(false)
  }

  async #run(): Promise<void> {
    const controller = (this.#running = new AbortController())
    this.#timer?.cancel()
    const isBack = await this.#ask(controller)
    this.#running = undefined
    if (this.#stopped) return
    if (isBack) return this.#report.recovered()
    this.#dueAt = this.#clock.now() + this.#options.everyMs
    this.#setTimer()
  }

  /** Whether the service is back, within the check's time limit. */
  #ask(controller: AbortController): Promise<boolean> {
    const { check, timeoutMs } = this.#options
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(() => {
        resolve(false)
        controller.abort(new Error(`the recovery check gave no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      timer.keepAlive(false)
      const settle = (isBack: unknown): void => {
        timer.cancel()
        // Only true itself: a check that forgot to compare must not let calls through.
        resolve(isBack === true)
      }
      const answer = async (): Promise<unknown> => check({ signal: controller.signal, ...this.#breaker })
      answer().then(settle, (error: unknown) => {
        if (!controller.signal.aborted) this.#report.checkThrew(error)
        settle(false)
      })
    })
  }
}

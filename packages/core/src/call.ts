import { Deadline, DeadlineQueue } from './deadline-queue.ts'
import { CircuitOpenError, CircuitTimeoutError, withoutStack } from './errors.ts'
import type { Verdict } from './events.ts'
import type { Outcome } from './options.ts'
import { type CallContext, IssuedPermit } from './permit.ts'
import type { Turnstile } from './turnstile.ts'

/** What a single call may bring along. */
export interface ExecuteOptions<F = never> {
  /** The caller's own wish to stop. Aborting rejects with `signal.reason` at once and counts as `ignored`. */
  signal?: AbortSignal | undefined
  /** Gives the result instead when the call was rejected or has failed; not asked when the call was `ignored`. */
  fallback?: ((error: unknown) => F | PromiseLike<F>) | undefined
}

/** Makes one call through a turnstile: admission, time limit, abort, verdict. Never throws; rejects. */
export function callThrough<T, F>(
  turnstile: Turnstile,
  fn: (context: CallContext) => T | PromiseLike<T>,
  { signal, fallback }: ExecuteOptions<F> = NO_OPTIONS,
): Promise<T | F> {
  if (signal?.aborted) return reject(signal.reason)
  if (signal === undefined && turnstile.takesPlainCalls) return callPlainly(turnstile, fn, fallback)
  const permit = turnstile.admit()
  if (permit instanceof CircuitOpenError) {
    return fallback === undefined ? reject(permit) : answerBy(fallback, permit)
  }
  return new GuardedCall<T, F>(turnstile, permit, signal, fallback).run(fn)
}

/** The short way of {@link callThrough}, without a permit. */
function callPlainly<T, F>(
  turnstile: Turnstile,
  fn: (context: CallContext) => T | PromiseLike<T>,
  fallback: ((error: unknown) => F | PromiseLike<F>) | undefined,
): Promise<T | F> {
  const startedAt = turnstile.enter()
  const { epoch } = turnstile
  const result = start(undefined, fn, CALL_CONTEXT)
  return result.then<T | F, T | F>(
    (value) => {
      if (turnstile.config.classify === undefined) turnstile.succeed(epoch, startedAt)
      else settleValue(turnstile, new IssuedPermit(turnstile, 'call', epoch, startedAt), value)
      return value
    },
    (error: unknown) => {
      const verdict = settleError(turnstile, new IssuedPermit(turnstile, 'call', epoch, startedAt), error)
      // The rejected promise itself: throwing its error again costs more than all of the above.
      return verdict === 'failure' && fallback !== undefined ? fallback(error) : result
    },
  )
}

// What a failure is counted under when the call returned and its value was judged.
const OF_VALUE = Object.freeze({ type: 'value' })
const NO_OPTIONS = Object.freeze({})
const READY: Promise<void> = /* @__PURE__ */ Promise.resolve()
/** For calls that nothing can abort. A signal is made for those who ask for one, and one each: listeners may stay on it. */
const CALL_CONTEXT: CallContext = /* @__PURE__ */ Object.freeze({
  probe: false,
  get signal() {
    return new AbortController().signal
  },
})

/** A call with a permit. Its caller may abort it and it may have a time limit: whatever ends it first gives the result. */
class GuardedCall<T, F> extends Deadline implements CallContext {
  readonly probe: boolean
  readonly #turnstile: Turnstile
  readonly #permit: IssuedPermit
  readonly #callerSignal: AbortSignal | undefined
  readonly #fallback: ((error: unknown) => F | PromiseLike<F>) | undefined
  #cut: ((error: unknown) => void) | undefined
  #controller: AbortController | undefined
  #abortedWith: { readonly reason: unknown } | undefined

  constructor(
    turnstile: Turnstile,
    permit: IssuedPermit,
    callerSignal: AbortSignal | undefined,
    fallback: ((error: unknown) => F | PromiseLike<F>) | undefined,
  ) {
    super()
    this.probe = permit.probe
    this.#turnstile = turnstile
    this.#permit = permit
    this.#callerSignal = callerSignal
    this.#fallback = fallback
  }

  /** The caller's own signal where nothing else can abort the call; else one of this call's, made when it is asked for. */
  get signal(): AbortSignal {
    if (this.#callerSignal !== undefined && this.#turnstile.config.timeoutMs === undefined) return this.#callerSignal
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith.reason)
    }
    return this.#controller.signal
  }

  /**
   * A timer or the caller's abort only cuts the promise off. Settling is left to its reactions, which run in the caller's
   * async context: a timer has that of the call it was set for, which may be another one.
   */
  run(fn: (context: CallContext) => T | PromiseLike<T>): Promise<T | F> {
    const result = new Promise<T>((resolve, fail) => {
      this.#cut = fail
      this.#watch()
      // A listener that heard of the admission may have aborted.
      if (this.#callerSignal?.aborted) this.#abort()
      else start(this.#permit, fn, this).then(resolve, fail)
    })
    return result.then<T | F, T | F>(
      (value) => {
        this.#unwatch()
        settleValue(this.#turnstile, this.#permit, value)
        return value
      },
      (error: unknown) => {
        this.#unwatch()
        const fallback = this.#fallback
        const verdict = this.#isCallersAbort() ? this.#ignore() : settleError(this.#turnstile, this.#permit, error)
        return verdict === 'failure' && fallback !== undefined ? fallback(error) : result
      },
    )
  }

  /** The time limit is over. */
  expire(): void {
    const { name, config } = this.#turnstile
    this.#endWith(withoutStack(() => new CircuitTimeoutError(name, Number(config.timeoutMs))))
  }

  readonly #abort = (): void => this.#endWith(this.#callerSignal?.reason)

  /** The call is cut off first, so that what the signal makes it throw comes too late. */
  #endWith(reason: unknown): void {
    this.#cut?.(reason)
    if (this.#abortedWith !== undefined) return
    this.#abortedWith = { reason }
    this.#controller?.abort(reason)
  }

  #watch(): void {
    const { timeoutMs, clock } = this.#turnstile.config
    this.#callerSignal?.addEventListener('abort', this.#abort)
    if (timeoutMs === undefined) return
    const queue = (this.#turnstile.deadlines ??= new DeadlineQueue(clock, timeoutMs))
    queue.add(this, this.#permit.startedAt)
  }

  #unwatch(): void {
    this.#callerSignal?.removeEventListener('abort', this.#abort)
    this.#turnstile.deadlines?.remove(this)
  }

  /** Whether the caller has left. Decided by the signal, as an abort has no shape of its own. */
  #isCallersAbort(): boolean {
    const signal = this.#callerSignal
    if (!signal?.aborted || isTimeout(signal.reason)) return false
    return this.#abortedWith === undefined || this.#abortedWith.reason === signal.reason
  }

  #ignore(): Verdict {
    this.#permit.ignore()
    return 'ignored'
  }
}

/** Settles the permit of a call that threw; says the verdict. */
function settleError(turnstile: Turnstile, permit: IssuedPermit, error: unknown): Verdict {
  const verdict = turnstile.config.classify === undefined ? 'failure' : judge(turnstile, permit, { error }, 'failure')
  turnstile.settle(permit, verdict, error)
  return verdict
}

function settleValue(turnstile: Turnstile, permit: IssuedPermit, value: unknown): void {
  const verdict = turnstile.config.classify === undefined ? 'success' : judge(turnstile, permit, { value }, 'success')
  turnstile.settle(permit, verdict, undefined, OF_VALUE)
}

function judge(turnstile: Turnstile, permit: IssuedPermit, outcome: Outcome, byDefault: Verdict): Verdict {
  const { classify, clock } = turnstile.config
  try {
    const verdict: unknown = classify?.(outcome, clock.now() - permit.startedAt)
    if (verdict === undefined) return byDefault
    if (verdict === 'success' || verdict === 'failure' || verdict === 'ignored') return verdict
    // An async function given by mistake: its rejection would end the process.
    if (verdict instanceof Promise) verdict.catch(() => {})
    turnstile.warn(
      'classify_threw',
      'classify gave no verdict (success, failure, ignored or undefined); counted as failure',
    )
  } catch (error) {
    turnstile.warn('classify_threw', 'classify threw; counted as failure', error)
  }
  return 'failure'
}

/** A deadline that the caller set with `AbortSignal.timeout` says that the service was slow, not that the caller left. */
export function isTimeout(reason: unknown): boolean {
  try {
    if (!(reason instanceof Error)) return false
    // The time limit of a breaker around this one is such a deadline too.
    return reason.name === 'TimeoutError' || (reason as { code?: unknown }).code === 'ERR_CIRCUIT_TIMEOUT'
  } catch {
    return false
  }
}

/** The call's result as a promise, also when it throws. */
function start<T>(
  permit: IssuedPermit | undefined,
  fn: (context: CallContext) => T | PromiseLike<T>,
  context: CallContext,
): Promise<T> {
  try {
    return Promise.resolve(permit === undefined ? fn(context) : permit.call(fn, context))
  } catch (error) {
    return reject(error)
  }
}

async function answerBy<F>(fallback: (error: unknown) => F | PromiseLike<F>, error: unknown): Promise<F> {
  return fallback(error)
}

/**
 * Rejects in a moment, when the caller has had its chance to handle it: what is rejected from the start counts as unhandled
 * first, and the platform's bookkeeping of that costs more than the whole rejection.
 */
function reject(reason: unknown): Promise<never> {
  return new Promise((_, fail) => {
    void READY.then(() => fail(reason))
  })
}

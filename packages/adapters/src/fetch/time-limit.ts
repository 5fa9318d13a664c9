import { CircuitTimeoutError, type Clock, type Timer } from '@switchgear/core'
import { dropBody } from '../http/drop-body.ts'
import { followSignal } from '../http/follow-signal.ts'
import { bodyOf } from './body-watch.ts'

interface TimeLimit {
  /** The caller's own signal. */
  readonly signal: AbortSignal | null | undefined
  readonly timeoutMs: number
  readonly clock: Required<Clock>
  /** Whose time limit it is. */
  readonly name: string
}

/** Gives what `call` gives, unless that takes too long: then its signal aborts, and a {@link CircuitTimeoutError} is thrown. */
export async function withTimeLimit(
  call: (signal: AbortSignal) => Promise<Response>,
  { signal, timeoutMs, clock, name }: TimeLimit,
): Promise<Response> {
  const controller = new AbortController()
  const unfollow = signal ? followSignal(signal, controller) : undefined
  const answer = settle(() => call(controller.signal))
  let isOver = false
  // A fetch that heeds no signal: nobody will read this body.
  answer.then((late) => (isOver ? dropBody(late) : undefined)).catch(() => {})
  let timer: Timer | undefined
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(() => {
      isOver = true
      const error = new CircuitTimeoutError(name, timeoutMs)
      reject(error)
      controller.abort(error)
    }, timeoutMs)
  })
  try {
    const response = await Promise.race([answer, expiry])
    if (unfollow !== undefined) callWhenCollected(response, unfollow)
    return response
  } catch (error) {
    unfollow?.()
    throw error
  } finally {
    timer?.cancel()
  }
}

const bodies = new FinalizationRegistry<() => void>((callback) => callback())

/** Calls back when nobody can read the body any more: until then the caller's abort is for it too. */
function callWhenCollected(response: Response, callback: () => void): void {
  // What a test has put in the place of a response may have a body of any kind, or not be there.
  const body: unknown = typeof response === 'object' && response !== null ? bodyOf(response) : undefined
  if (typeof body === 'object' && body !== null) bodies.register(body, callback)
  else callback()
}

/** By a promise, also where a fetch throws at once or gives what it has at once. */
async function settle<T>(call: () => T | PromiseLike<T>): Promise<T> {
  return call()
}

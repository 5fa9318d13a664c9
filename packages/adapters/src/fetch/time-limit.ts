import { CircuitTimeoutError, type Clock, type Timer } from '@switchgear/core'

interface TimeLimit {
  /** The caller's own signal. */
  readonly signal: AbortSignal | null | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  /** Whose time limit it is. */
  readonly name: string
}

/** Gives what `call` gives, unless that takes too long: then its signal aborts, and a {@link CircuitTimeoutError} is thrown. */
export async function withTimeLimit(
  call: (signal: AbortSignal) => Promise<Response>,
  { signal, timeoutMs, clock, name }: TimeLimit,
): Promise<Response> {
  const controller = new AbortController()
  // `any` leaves nothing on the caller's signal, which may live as long as the process.
  const answer = call(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal)
  // A fetch that heeds no signal: nobody will read this body.
  answer.then((late) => (controller.signal.aborted ? late.body?.cancel() : undefined)).catch(() => {})
  let timer: Pick<Timer, 'cancel'> | undefined
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimer(clock, timeoutMs, () => {
      const error = new CircuitTimeoutError(name, timeoutMs)
      reject(error)
      controller.abort(error)
    })
  })
  try {
    return await Promise.race([answer, expiry])
  } finally {
    timer?.cancel()
  }
}

// setTimeout fires at once when it is asked for more.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

function setTimer(clock: Clock, ms: number, callback: () => void): Pick<Timer, 'cancel'> {
  const delay = Math.min(ms, LONGEST_TIMEOUT_MS)
  if (clock.setTimer !== undefined) return clock.setTimer(callback, delay)
  const timer = setTimeout(callback, delay)
  return { cancel: () => clearTimeout(timer) }
}

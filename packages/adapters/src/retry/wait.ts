import type { Clock, Timer } from '@switchgear/core'
import { followSignal } from '../http/follow-signal.ts'

/** Waits at least `ms`; rejects with the signal's reason as soon as that aborts, which it has not yet. */
export function wait(ms: number, clock: Required<Clock>, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const until = clock.now() + ms
    let timer: Timer | undefined
    const abort = (reason: unknown): void => {
      timer?.cancel()
      reject(reason)
    }
    const unfollow = signal && followSignal(signal, { abort })
    const waitOn = (): void => {
      const leftMs = until - clock.now()
      // A timer may fire a little early, and none is set for longer than the platform can.
      if (leftMs > 0) {
        timer = clock.setTimer(waitOn, Math.ceil(leftMs))
        return
      }
      unfollow?.()
      resolve()
    }
    waitOn()
  })
}
